// Inlines the style sheets of pages with one contestant and writes what it took as JSON on standard output.
// Argument: juice or css-inline. Standard input: a JSON array of pages.
// Output: the contestant's version, milliseconds of processor time for each page, and the pages as it left them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const name = process.argv[2];
const pages = JSON.parse(readFileSync(0, "utf8"));

const contestants = {
  juice: () => {
    const juice = require("juice");
    // What Mujaz asks of premailer: important stays important, no attribute is made of a declaration.
    const options = {
      preserveImportant: true,
      applyWidthAttributes: false,
      applyHeightAttributes: false,
      applyAttributesTableElements: false,
    };
    return { version: require("juice/package.json").version, inline: (page) => juice(page, options) };
  },
  "css-inline": () => {
    const { inline, version } = require("@css-inline/css-inline");
    return { version: version(), inline: (page) => inline(page, { keepAtRules: true }) };
  },
};

const { version, inline } = contestants[name]();
const times = [];
const made = [];
for (const page of pages) {
  const begin = process.cpuUsage();
  made.push(inline(page));
  const { user, system } = process.cpuUsage(begin);
  times.push((user + system) / 1000);
}
process.stdout.write(JSON.stringify({ version, times, pages: made }));
