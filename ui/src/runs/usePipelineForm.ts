import { useDebouncedValue } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useQuery } from "urql";

import type { CacheMode, NewRunInput } from "../api/schema.generated";
import { told, type Told } from "../api/errors";
import { begin, type Input, labelsOf, read, type Texts } from "./parameters";
import { ReadPipelineDocument, type ReadPipelineQuery } from "./queries.generated";

/** What a form for a new run holds besides its parameters. */
export interface About {
  readonly name: string;
  readonly description: string;
  readonly experiment: string;
  readonly labels: string;
  readonly cache: CacheMode | "";
}

export type PipelineRead = ReadPipelineQuery["pipeline"];

/** A form for a run of a pipeline: the text of the pipeline, read by the server, its parameters, and what to call the run. */
export interface PipelineForm {
  readonly spec: string;
  readonly setSpec: (spec: string) => void;
  readonly pipeline: PipelineRead | undefined;
  readonly reading: boolean;
  /** Why the text is no pipeline. */
  readonly refused: Told | null;
  readonly inputs: readonly Input[];
  readonly texts: Texts;
  readonly setTexts: (texts: Texts) => void;
  readonly about: About;
  readonly setAbout: (about: Partial<About>) => void;
  /** What is wrong with the fields, by name; `labels` among them. */
  readonly wrong: Texts;
  /** The run as the server takes it; null while it cannot be. */
  readonly run: NewRunInput | null;
}

const NOTHING: About = { name: "", description: "", experiment: "", labels: "", cache: "" };

/** Keep such a form; it may begin with the pipeline and the parameters of a run. */
export function usePipelineForm(
  namespace: string | undefined,
  first: {
    readonly spec?: string;
    readonly given?: Readonly<Record<string, unknown>>;
    readonly about?: Partial<About>;
  } = {},
): PipelineForm {
  const [spec, setSpec] = useState(first.spec ?? "");
  const [settled] = useDebouncedValue(spec, 250);
  const [{ data, error, fetching }] = useQuery({
    query: ReadPipelineDocument,
    variables: { spec: settled },
    pause: settled.trim() === "",
  });
  const ready = settled === spec && spec.trim() !== "";
  const pipeline = ready && !error ? data?.pipeline : undefined;
  const inputs = useMemo(() => pipeline?.inputs ?? [], [pipeline]);
  const [typed, setTexts] = useState<Texts>({});
  const [about, setAbout] = useState<About>({ ...NOTHING, ...first.about });
  const { given } = first;
  const texts = useMemo(() => ({ ...begin(inputs, given), ...typed }), [inputs, given, typed]);
  const { values, wrong } = read(inputs, texts);
  const labels = labelsOf(about.labels);
  const all = labels ? wrong : { ...wrong, labels: "Write labels as key=value, one a line." };
  const made: NewRunInput | null =
    pipeline && labels && Object.keys(wrong).length === 0
      ? {
          spec,
          parameters: values,
          labels,
          ...(about.name ? { name: about.name } : {}),
          ...(about.description ? { description: about.description } : {}),
          ...(about.experiment ? { experiment: about.experiment } : {}),
          ...(about.cache ? { cache: about.cache } : {}),
          ...(namespace ? { namespace } : {}),
        }
      : null;
  const run = useSame(made);
  return {
    spec,
    setSpec,
    pipeline,
    reading: spec.trim() !== "" && (!ready || fetching),
    refused: ready && error ? told(error) : null,
    inputs,
    texts,
    setTexts,
    about,
    setAbout: (next) => setAbout({ ...about, ...next }),
    wrong: all,
    run,
  };
}

/** The same object while it says the same. */
function useSame<T>(value: T): T {
  const text = JSON.stringify(value);
  return useMemo(() => JSON.parse(text) as T, [text]);
}
