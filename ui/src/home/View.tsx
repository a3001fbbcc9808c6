import { SegmentedControl } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { useNow } from "../kit/Time";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { useAddress, useNamespace, useReaddress } from "../shell/place";
import { Activity } from "./Activity";
import { Failures, Models, Runs } from "./News";
import { HomeNewsDocument, HomeWorkDocument } from "./queries.generated";
import { homeSearch, type HomeSearch, type Span, SPANS } from "./search";
import { BUCKETS, endedOf, seriesOf, windowOf, WORDS } from "./span";
import { Tiles } from "./Tiles";
import styles from "./home.module.css";

const MODELS = "type LIKE '%Model'";
const MINUTE_MS = 60_000;

/** The dashboard: what ran, failed and was reused, what that saved, the newest models, and activity over time. */
export function HomeView() {
  const { span = SPANS[0] } = useAddress(homeSearch);
  const namespace = useNamespace() ?? null;
  const [news, askNews] = useLiveQuery({ query: HomeNewsDocument, variables: { namespace, models: MODELS } });
  const begun = news.data?.server.firstChangeMs ?? null;
  const minute = Math.floor(useNow() / MINUTE_MS);
  const window = useMemo(() => windowOf(span, minute * MINUTE_MS, begun), [span, minute, begun]);
  const [work] = useLiveQuery({
    query: HomeWorkDocument,
    variables: { ...window, buckets: BUCKETS, namespace },
    pause: span === "all" && !news.data,
  });
  if (news.error && !news.data) {
    return <ErrorFace error={news.error} retry={() => askNews({ requestPolicy: "network-only" })} />;
  }
  if (!news.data) return <Loading lines={10} />;
  if (news.data.seq === 0) return <Beginning />;
  const tallies = work.data?.activity.buckets ?? [];
  return (
    <div className={styles.home}>
      <h1 className="unseen">Home</h1>
      <SpanChoice span={span} />
      <Tiles ended={work.data ? endedOf(tallies) : null} cache={work.data?.cache.stats ?? null} words={WORDS[span]} />
      <Activity
        series={work.data ? seriesOf(tallies, work.data.activity.sinceMs, work.data.activity.stepMs) : null}
        sinceMs={work.data?.activity.sinceMs ?? window.sinceMs}
        stepMs={work.data?.activity.stepMs ?? (window.untilMs - window.sinceMs) / BUCKETS}
        error={work.data ? undefined : work.error}
      />
      <div className={styles.columns}>
        <Runs runs={news.data.runs.nodes} />
        <Models models={news.data.models.nodes} />
        <Failures failures={news.data.failures.nodes} />
      </div>
    </div>
  );
}

function SpanChoice({ span }: { readonly span: Span }) {
  const readdress = useReaddress<HomeSearch>();
  return (
    <SegmentedControl
      className={styles.span}
      size="xs"
      aria-label="How far back"
      value={span}
      data={SPANS.map((one) => ({ value: one, label: one })).toSorted((a, b) => order(a.value) - order(b.value))}
      onChange={(value) => {
        const chosen = SPANS.find((one) => one === value);
        readdress({ span: chosen === SPANS[0] ? undefined : chosen });
      }}
    />
  );
}

function order(span: Span): number {
  return ["1h", "24h", "7d", "30d", "all"].indexOf(span);
}

/** Where nothing was recorded yet: the ways to begin. */
function Beginning() {
  return (
    <Empty title="Nothing is recorded yet" action={<Link to="/settings">About this server</Link>}>
      <p>Everything that runs and reports here shows up by itself. To begin:</p>
      <pre className={styles.begin} tabIndex={0} aria-label="Commands to begin with">
        {
          "clew run pipeline.yaml        # any pipeline compiled by the kfp SDK\nmake demo                     # the example, on real data\npython -c 'import clew; ...'  # from Python: docs/sdk.md"
        }
      </pre>
    </Empty>
  );
}
