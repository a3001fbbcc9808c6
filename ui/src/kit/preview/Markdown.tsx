import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

// Pictures are not fetched: the page asks no other server, whatever was recorded.
// Headings begin below that of the page they stand on.
const components: Components = {
  h1: ({ children }) => <h2>{children}</h2>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  h5: ({ children }) => <h6>{children}</h6>,
  img: ({ alt, src }) =>
    typeof src === "string" && src.startsWith("data:image/") ? (
      <img alt={alt} src={src} />
    ) : (
      <em>{alt ?? "picture"}</em>
    ),
  a: ({ children, href, id }) =>
    !href ? (
      <span>{children}</span> // an address of another kind than the web's
    ) : href.startsWith("#") ? (
      <a href={href} id={id}>
        {children}
      </a>
    ) : (
      <a href={href} rel="noreferrer noopener" target="_blank">
        {children}
      </a>
    ),
  input: ({ checked }) => (
    <span role="img" aria-label={checked ? "done" : "to do"}>
      {checked ? "☑" : "☐"}
    </span>
  ),
};
const plugins = [remarkGfm];

/** Markdown as a page, with GitHub's tables, lists of tasks and footnotes; HTML in it is shown as text. */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <ReactMarkdown components={components} remarkPlugins={plugins}>
      {text}
    </ReactMarkdown>
  );
}
