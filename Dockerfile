# One image for all processes: `digest web`, `digest worker`, `digest migrate`. See docs/deploying.md.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# What rarely changes comes first: a new version of the program alone installs nothing of this again.
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /opt/mujaz \
 && /opt/mujaz/bin/pip install --require-hashes --requirement requirements.lock

# The builder is not in the image's own environment: it is a tool, taken with its hashes from the developers' lock.
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' requirements-dev.lock > builder.lock \
 && python -m venv /builder \
 && /builder/bin/pip install --require-hashes --requirement builder.lock

COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY templates templates
COPY digest digest
RUN /builder/bin/python -m hatchling build --target wheel --directory dist \
 && /opt/mujaz/bin/pip install --no-deps --no-index dist/mujaz-*.whl \
 && /opt/mujaz/bin/python -m pip uninstall --yes pip setuptools


FROM python:3.11-slim
ENV PATH=/opt/mujaz/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DIGEST_HOME=/srv/mujaz
COPY --from=build /opt/mujaz /opt/mujaz

# The home's own config/ and templates/, where there are any, and var/. Nothing else is ever written but /tmp.
RUN mkdir --parents /srv/mujaz/var && chown --recursive 10001:10001 /srv/mujaz
VOLUME ["/srv/mujaz"]
WORKDIR /srv/mujaz

# A number: an orchestrator that refuses root cannot tell who a name is.
USER 10001:10001
EXPOSE 8000
# In exec form, so that SIGTERM reaches the program itself, which ends in order.
STOPSIGNAL SIGTERM
CMD ["digest", "worker"]
