// What the tests ask of a page that Chromium shows. An expression: `(<this file>).texts()`.
({
  // Every text that is shown: its words, its own direction, and how its block runs, leans and is set.
  texts() {
    return this._shown().map(({ node, own }) => {
      let block = own;
      while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
      const style = getComputedStyle(block);
      return {
        words: node.data.trim(),
        own: getComputedStyle(own).direction,
        block: style.direction,
        align: style.textAlign.replace('-webkit-', ''),
        size: parseFloat(style.fontSize),
        leading: parseFloat(style.lineHeight) / parseFloat(style.fontSize),
        heading: /^H[1-6]$/.test(block.tagName),
        placed: block.tagName === 'TD' && block.hasAttribute('align'),
      };
    });
  },

  // Figures and Latin names: whether a letter stands left of the one before it, and whether a figure is cut by a line.
  figures() {
    const range = document.createRange();
    const figure = /(?:(?<![\p{L}\d])[-+\u2212\u00b1])?\d+(?:[.,:\/-]\d+)*%?/u;
    const held = new RegExp(`${figure.source}|[A-Za-z][A-Za-z0-9]*(?:[+#]+|[ .-][A-Za-z0-9]+)*`, 'gu');
    return this._shown().flatMap(({ node }) => {
      // Marks of direction have no width, and stand between letters that belong together.
      const letters = node.data.split('').map((letter, place) => ({ letter, place }))
        .filter(({ letter }) => !/[\u200e\u200f\u2060\u2066-\u2069]/.test(letter));
      const words = letters.map(({ letter }) => letter).join('');
      return [...words.matchAll(held)].map(({ 0: found, index }) => {
        const run = letters.slice(index, index + found.length).map(({ place }) => {
          range.setStart(node, place);
          range.setEnd(node, place + 1);
          return range.getBoundingClientRect();
        });
        const lower = ({ top }, place) => place > 0 && Math.abs(top - run[place - 1].top) > 4;
        const back = (box, place) => place > 0 && !lower(box, place) && box.left < run[place - 1].left;
        return { words: found, scattered: run.some(back), cut: !/[A-Za-z]/.test(found) && run.some(lower) };
      });
    });
  },

  // How wide the page is, and the words that stand beyond its edges.
  wide() {
    const width = document.documentElement.clientWidth;
    const outside = this._boxes().filter(({ left, right }) => left < -1 || right > width + 1);
    return { scroll: document.documentElement.scrollWidth, outside: outside.map(({ words }) => words) };
  },

  // Pairs of texts or pictures that lie on each other.
  overlaps() {
    const boxes = this._boxes();
    const meet = (a, b) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    return boxes.flatMap((one, place) =>
      boxes.slice(place + 1).filter((other) => meet(one, other)).map((other) => [one.words, other.words]));
  },

  // Text twice as large and nothing else, as phones do it; line heights without a unit grow along.
  enlarge() {
    const all = [...document.body.querySelectorAll('*'), document.body];
    const sizes = all.map((element) => parseFloat(getComputedStyle(element).fontSize));
    all.forEach((element, place) => element.style.setProperty('font-size', `${2 * sizes[place]}px`, 'important'));
  },

  // Each picture: whether it came, whether its words would fit into the room that it keeps, and their contrast.
  pictures() {
    return [...document.images].map((image) => {
      const { width, height } = image.getBoundingClientRect();
      const { font, fontSize, color } = getComputedStyle(image);
      const words = document.createElement('div');
      words.textContent = image.alt;
      Object.assign(words.style, { position: 'absolute', font, width: `${width}px` });
      image.parentElement.append(words);
      const range = document.createRange();
      range.selectNodeContents(words);
      const lines = [...range.getClientRects()];
      words.remove();
      const widest = Math.max(...lines.map((line) => line.width));
      return {
        alt: image.alt.trim(),
        came: image.complete && image.naturalWidth > 0,
        sized: image.hasAttribute('width') && image.hasAttribute('height'),
        width,
        fits: widest <= width + 1 && lines.length * parseFloat(fontSize) <= height + 1,
        contrast: this._contrast(color, this._ground(image)),
      };
    });
  },

  // The color on which an element stands.
  _ground(element) {
    const color = getComputedStyle(element).backgroundColor;
    if (!/^rgba\(.*, 0\)$/.test(color)) return color;
    return element.parentElement ? this._ground(element.parentElement) : 'rgb(255, 255, 255)';
  },

  // WCAG 2.2, contrast ratio.
  _contrast(one, other) {
    const [dark, light] = [one, other].map((color) => {
      const parts = color.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
      const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  },

  _shown() {
    const shown = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const own = node.parentElement;
      if (node.data.trim() && own.checkVisibility()) shown.push({ node, own });
    }
    return shown;
  },

  // A box for each line of each text, as high as its letters: an Arabic font's own line is higher than it looks.
  _boxes() {
    const lines = this._shown().flatMap(({ node, own }) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      const size = parseFloat(getComputedStyle(own).fontSize);
      return [...range.getClientRects()].filter(({ width }) => width > 1).map(({ left, right, top, bottom }) => {
        const middle = (top + bottom) / 2;
        return { words: node.data.trim().slice(0, 40), left, right, top: middle - size / 2, bottom: middle + size / 2 };
      });
    });
    const pictures = [...document.images].map((image) => {
      const { left, right, top, bottom } = image.getBoundingClientRect();
      return { words: `picture: ${image.alt}`, left, right, top, bottom };
    });
    return [...lines, ...pictures];
  },
})
