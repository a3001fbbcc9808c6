// After a build: beside every file that shrinks, its packed copies (.br, .gz), which the server sends to those who take them.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const LEAST = 1024;
const LARGE = 1 << 20; // of these the last percent costs seconds
const [brotli, zip] = [promisify(brotliCompress), promisify(gzip)];

const names = (await readdir("dist", { recursive: true })).filter((name) => /\.(js|css|html|svg|ttf|json)$/.test(name));
await Promise.all(
  names.map(async (name) => {
    const path = `dist/${name}`;
    const whole = await readFile(path);
    if (whole.length < LEAST) return;
    const quality = whole.length > LARGE ? 6 : 11;
    const [small, wide] = await Promise.all([
      brotli(whole, {
        params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: whole.length },
      }),
      zip(whole, { level: 9 }),
    ]);
    if (small.length < whole.length) await writeFile(`${path}.br`, small);
    if (wide.length < whole.length) await writeFile(`${path}.gz`, wide);
  }),
);
