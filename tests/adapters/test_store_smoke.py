from digest.adapters.store import Store


def test_an_empty_store_is_empty(store: Store) -> None:
    assert store.articles.articles(None, None) == []
