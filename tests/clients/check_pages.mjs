// Reads pages and prints what caniemail and html-validate find in each, as JSON: one start of node for all of them.
// Use: node check_pages.mjs PAGE.html...
import { readFileSync } from 'node:fs';
import { caniemail } from 'caniemail';
import { HtmlValidate } from 'html-validate';

// Every client of the four families but gmail.mobile-webmail, which shows mail from other providers without any style.
const clients = ['gmail.android', 'gmail.desktop-webmail', 'gmail.ios', 'outlook.*', 'apple-mail.*', 'yahoo.*'];
const validator = new HtmlValidate({ root: true, extends: ['html-validate:recommended'] });

const found = {};
for (const path of process.argv.slice(2)) {
  const html = readFileSync(path, 'utf8');
  const errors = [...caniemail({ clients, html }).issues.errors];
  const { results } = validator.validateStringSync(html, path);
  found[path] = {
    clients: errors.flatMap(([client, issues]) => issues.map(({ title }) => [title, client])),
    markup: results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => [ruleId, message])),
  };
}
process.stdout.write(JSON.stringify(found));
