-- The peer on PostgreSQL: one server-side function that writes the rows of the unit of work; pgbench calls it.
-- 1 execution (4 properties), 2 artifacts (3 properties each), 3 input and 2 output events, 1 association, 2 attributions.

CREATE TABLE artifact (
    id bigint PRIMARY KEY, type_id int NOT NULL, uri text, state int, name text, external_id text UNIQUE,
    create_time bigint NOT NULL, update_time bigint NOT NULL, props jsonb, UNIQUE (type_id, name)
);
CREATE INDEX ON artifact (uri);
CREATE INDEX ON artifact (create_time);
CREATE INDEX ON artifact (update_time);
CREATE INDEX ON artifact (((props ->> 'accuracy')::float8)) WHERE props ? 'accuracy';
CREATE TABLE execution (
    id bigint PRIMARY KEY, type_id int NOT NULL, state int, name text, external_id text UNIQUE,
    create_time bigint NOT NULL, update_time bigint NOT NULL, props jsonb, UNIQUE (type_id, name)
);
CREATE INDEX ON execution (create_time);
CREATE INDEX ON execution (update_time);
CREATE TABLE context (id bigint PRIMARY KEY, type_id int NOT NULL, name text NOT NULL, UNIQUE (type_id, name));
CREATE TABLE event (
    execution_id bigint NOT NULL, artifact_id bigint NOT NULL, type smallint NOT NULL, millis bigint,
    PRIMARY KEY (execution_id, type, artifact_id)
);
CREATE INDEX ON event (artifact_id, type, execution_id);
CREATE TABLE association (context_id bigint, execution_id bigint, PRIMARY KEY (context_id, execution_id));
CREATE INDEX ON association (execution_id);
CREATE TABLE attribution (context_id bigint, artifact_id bigint, PRIMARY KEY (context_id, artifact_id));
CREATE INDEX ON attribution (artifact_id);

INSERT INTO artifact SELECT i, 9, 's3://raw/' || i, 2, 'raw' || i, NULL, 0, 0, '{}' FROM generate_series(1, 1001) i;
INSERT INTO context SELECT i, 1, 'run' || i FROM generate_series(1, 100000) i;
CREATE SEQUENCE step;

CREATE FUNCTION publish_step() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    i bigint := nextval('step');
    a bigint := 1000 + 2 * i;
    now_ms bigint := 1700000000000 + i;
    run bigint := i / 10 + 1;
BEGIN
    INSERT INTO execution VALUES (
        i, i % 8, 3, 'step-' || i, NULL, now_ms, now_ms,
        jsonb_build_object('image', 'registry/img:' || i % 50, 'lr', 0.001 * i, 'epochs', i % 100, 'node', 'w' || i % 64)
    );
    INSERT INTO artifact SELECT
        a + k, k, 's3://bucket/run/' || run || '/step/' || i || '/out' || k, 2, 'art-' || i || '-' || k, NULL, now_ms, now_ms,
        jsonb_build_object('accuracy', 0.5 + i * 1e-7, 'rows', i * 3, 'split', 'train' || i % 5)
    FROM generate_series(0, 1) k;
    INSERT INTO event VALUES
        (i, a - 2, 3, now_ms), (i, a - 1, 3, now_ms), (i, 3 + i * 7919 % 990, 3, now_ms), (i, a, 4, now_ms), (i, a + 1, 4, now_ms);
    INSERT INTO association VALUES (run, i);
    INSERT INTO attribution VALUES (run, a), (run, a + 1);
    RETURN i;
END $$;
