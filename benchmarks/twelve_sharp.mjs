// Makes the twelve renditions of each photograph with sharp, and tells the price.
// node twelve_sharp.mjs OPTIONS FILE...   OPTIONS: JSON, format -> options of sharp.
// With a folder as OPTIONS.into: writes WIDTH.FORMAT of the widths in OPTIONS.widths instead.
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const sharp = createRequire(join(process.cwd(), "/"))("sharp");
const [said, ...files] = process.argv.slice(2);
const { into, widths = [1200, 800, 400, 150], ...formats } = JSON.parse(said);
sharp.cache(false);

// The documented way: one input, a clone for every output.
async function make(file) {
  const sizes = {};
  const source = sharp(file);
  await Promise.all(
    widths.flatMap((width) =>
      Object.entries(formats).map(async ([format, options]) => {
        const resized = source.clone().resize({ width, withoutEnlargement: true })[format](options);
        const data = into
          ? await resized.toFile(join(into, `${basename(file)}-${width}.${format}`))
          : await resized.toBuffer();
        const made = data.length ?? data.size;
        sizes[format] = (sizes[format] ?? 0) + made;
      }),
    ),
  );
  return sizes;
}

for (const format of Object.keys(formats))
  await sharp({ create: { width: 32, height: 32, channels: 3, background: "#777" } })
    [format](formats[format]).toBuffer();
const before = process.cpuUsage();
const started = process.hrtime.bigint();
const total = {};
for (const file of files)
  for (const [format, size] of Object.entries(await make(file)))
    total[format] = (total[format] ?? 0) + size / files.length;
const wall = Number(process.hrtime.bigint() - started) / 1e9 / files.length;
const { user, system } = process.cpuUsage(before);
const cpu = (user + system) / 1e6 / files.length;
console.log(JSON.stringify({ wall, cpu, peak_mb: process.resourceUsage().maxRSS / 1000, ...total }));
