// Sends messages with nodemailer's pooled transport and prints how long it took, in seconds.
// Arguments: port, messages, connections, prebuilt|composed, the folder of page.html, page.txt and message.eml.
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const [port, count, connections, kind, folder] = process.argv.slice(2);
const html = readFileSync(`${folder}/page.html`, "utf8");
const text = readFileSync(`${folder}/page.txt`, "utf8");
const raw = readFileSync(`${folder}/message.eml`);
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  ignoreTLS: true,
});

function message(number) {
  const to = `reader${number}@example.org`;
  if (kind === "prebuilt") {
    return { envelope: { from: "mujaz@example.org", to }, raw };
  }
  return {
    from: "mujaz@example.org",
    to,
    subject: "موجز اليوم",
    html: html.replaceAll("__READER__", `https://news.example/u/${number}`),
    text: text.replaceAll("__READER__", `https://news.example/u/${number}`),
    headers: { "List-Unsubscribe": `<https://news.example/u/${number}>` },
  };
}

await transport.verify();
const begin = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(count) }, (_, number) => transport.sendMail(message(number))));
console.log(Number(process.hrtime.bigint() - begin) / 1e9);
transport.close();
