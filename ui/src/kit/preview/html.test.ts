// @vitest-environment jsdom
import { expect, test } from "vitest";

import { still } from "./html";

test("what runs is left out, and that is told", () => {
  const { html, left } = still('<h1 onclick="alert(1)">Hi</h1><script>alert(1)</script><img src=x onerror=alert(1)>');
  expect(html).toMatch(/<h1[^>]*>Hi<\/h1>/);
  expect(html).not.toMatch(/script|\s(onerror|onclick)/);
  expect(left).toBe(true);
});

test("what would be fetched is left out, images inside stay", () => {
  const inside = "data:image/png;base64,AAAA";
  const { html } = still(
    `<img src="${inside}"><img src="https://x.example/y.png"><a href="javascript:alert(1)">a</a><link rel=stylesheet href=/x.css>
     <style>@import "x"; b { background: url(https://x.example) } i { background: url('data:image/png;base64,A') }</style>`,
  );
  expect(html).toContain(inside);
  expect(html).not.toMatch(/x\.example|javascript|@import|x\.css/);
  expect(html).toContain("url('data:image/png;base64,A')");
});

test("a plain page stays as it is", () => {
  const { html, left } = still("<title>t</title><meta charset=utf-8><table><tr><td>1</td></tr></table>");
  expect(html).toContain("<td>1</td>");
  expect(left).toBe(false);
});

test("words of a style sheet may be spelled with escapes, and fetch nothing either", () => {
  const { html } = still(
    `<base href="https://x.example/"><p style="background: u\\72 l(https://x.example/a)">p</p>
     <style>@im\\port "https://x.example/b"; i { background: image-set("https://x.example/c" 1x) } q { content: "\\201C" }</style>`,
  );
  expect(html).not.toMatch(/<base|background:\s*url|@import|image-set/);
  expect(html).not.toMatch(/x\.example\/[ab]/);
  expect(html).toContain('"\\201C"');
});
