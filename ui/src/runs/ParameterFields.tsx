import { Select, Textarea, TextInput } from "@mantine/core";

import { short } from "../kit/format";
import styles from "./form.module.css";
import { asText, type Input, isLong, kindOf, type Texts } from "./parameters";

/** A field for each thing a pipeline takes; what is wrong with a value stands under it. */
export function ParameterFields({
  inputs,
  texts,
  wrong,
  onChange,
}: {
  readonly inputs: readonly Input[];
  readonly texts: Texts;
  readonly wrong: Texts;
  readonly onChange: (texts: Texts) => void;
}) {
  if (inputs.length === 0) return <p className="dim">It takes no parameters.</p>;
  return inputs.map((input) => {
    const choices = choicesOf(input);
    const shared = {
      label: short(input.name, 100),
      description: kindOf(input) + (input.optional ? ", may be left out" : ""),
      withAsterisk: !input.optional,
      error: wrong[input.name],
      size: "xs",
    } as const;
    const put = (text: string) => onChange({ ...texts, [input.name]: text });
    const text = texts[input.name] ?? "";
    if (choices)
      return (
        <Select
          key={input.name}
          {...shared}
          data={choices}
          value={text || null}
          clearable={input.optional}
          onChange={(next) => put(next ?? "")}
        />
      );
    if (isLong(input))
      return (
        <Textarea
          key={input.name}
          {...shared}
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          classNames={{ input: styles.yaml ?? "" }}
          onChange={(event) => put(event.currentTarget.value)}
        />
      );
    return (
      <TextInput
        key={input.name}
        {...shared}
        value={text}
        placeholder={short(asText(input.default), 80)}
        onChange={(event) => put(event.currentTarget.value)}
      />
    );
  });
}

function choicesOf(input: Input): string[] | null {
  if (input.type === "BOOLEAN") return ["true", "false"];
  return Array.isArray(input.literals) && input.literals.length ? [...new Set(input.literals.map(asText))] : null;
}
