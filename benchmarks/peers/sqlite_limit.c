/*
 * The C limit of the write path: what SQLite itself can do with the unit of work, prepared statements and nothing else.
 *
 *   cc -O2 sqlite_limit.c -lsqlite3 -o sqlite_limit
 *   ./sqlite_limit FILE SYNCHRONOUS BATCH STEPS [PRELOAD]
 *
 * One step: 1 execution (4 properties), 2 artifacts (3 properties each), 3 input and 2 output events, 1 association and
 * 2 attributions to a context. BATCH steps share a transaction. A FILE that exists is continued, not replaced; PRELOAD
 * steps are written first, untimed, in large transactions. Prints one JSON object.
 */
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RAW_ARTIFACTS = 1000, STEPS_A_RUN = 10, PRELOAD_BATCH = 4096 };

/* Properties as one JSON column a node; no search beyond what the record's own indexes give, plus one on a property. */
static const char *SCHEMA =
    "CREATE TABLE IF NOT EXISTS artifact(id INTEGER PRIMARY KEY, type_id INT NOT NULL, uri TEXT, state INT, name TEXT,"
    " external_id TEXT UNIQUE, create_time INT NOT NULL, update_time INT NOT NULL, props TEXT, UNIQUE(type_id, name));"
    "CREATE INDEX IF NOT EXISTS artifact_uri ON artifact(uri);"
    "CREATE INDEX IF NOT EXISTS artifact_created ON artifact(create_time);"
    "CREATE INDEX IF NOT EXISTS artifact_updated ON artifact(update_time);"
    "CREATE INDEX IF NOT EXISTS artifact_accuracy ON artifact(json_extract(props, '$.accuracy'))"
    " WHERE json_extract(props, '$.accuracy') IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS execution(id INTEGER PRIMARY KEY, type_id INT NOT NULL, state INT, name TEXT,"
    " external_id TEXT UNIQUE, create_time INT NOT NULL, update_time INT NOT NULL, props TEXT, UNIQUE(type_id, name));"
    "CREATE INDEX IF NOT EXISTS execution_created ON execution(create_time);"
    "CREATE INDEX IF NOT EXISTS execution_updated ON execution(update_time);"
    "CREATE TABLE IF NOT EXISTS context(id INTEGER PRIMARY KEY, type_id INT NOT NULL, name TEXT NOT NULL,"
    " UNIQUE(type_id, name));"
    "CREATE TABLE IF NOT EXISTS event(execution_id INT NOT NULL, type INT NOT NULL, artifact_id INT NOT NULL, millis INT,"
    " PRIMARY KEY(execution_id, type, artifact_id)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS event_artifact ON event(artifact_id, type, execution_id);"
    "CREATE TABLE IF NOT EXISTS association(context_id INT NOT NULL, execution_id INT NOT NULL,"
    " PRIMARY KEY(context_id, execution_id)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS association_execution ON association(execution_id);"
    "CREATE TABLE IF NOT EXISTS attribution(context_id INT NOT NULL, artifact_id INT NOT NULL,"
    " PRIMARY KEY(context_id, artifact_id)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS attribution_artifact ON attribution(artifact_id);";

static sqlite3 *db;
static sqlite3_stmt *begin, *commit, *artifact, *execution, *context, *event, *association, *attribution;

static void check(int rc, const char *what) {
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void script(const char *sql) { check(sqlite3_exec(db, sql, NULL, NULL, NULL), sql); }

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *s = NULL;
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL), sql);
    return s;
}

static long scalar(const char *sql) {
    sqlite3_stmt *s = prepare(sql);
    check(sqlite3_step(s), sql);
    long value = (long)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

/* Bind the arguments as the letters of `kinds` tell (i: int64, s: text) and run the statement once. */
static void run(sqlite3_stmt *s, const char *kinds, ...) {
    va_list args;
    va_start(args, kinds);
    for (int i = 1; *kinds; kinds++, i++) {
        if (*kinds == 'i') sqlite3_bind_int64(s, i, va_arg(args, long));
        else sqlite3_bind_text(s, i, va_arg(args, const char *), -1, SQLITE_STATIC);
    }
    va_end(args);
    check(sqlite3_step(s), "step");
    sqlite3_reset(s);
}

static void open_store(const char *file, const char *synchronous) {
    char pragmas[256];
    check(sqlite3_open(file, &db), "open");
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA cache_size=-200000; PRAGMA temp_store=MEMORY;", synchronous);
    script(pragmas);
    script(SCHEMA);
    begin = prepare("BEGIN IMMEDIATE");
    commit = prepare("COMMIT");
    artifact = prepare("INSERT INTO artifact(id, type_id, uri, state, name, create_time, update_time, props) VALUES(?,?,?,?,?,?,?,?)");
    execution = prepare("INSERT INTO execution(id, type_id, state, name, create_time, update_time, props) VALUES(?,?,?,?,?,?,?)");
    context = prepare("INSERT OR IGNORE INTO context(id, type_id, name) VALUES(?,?,?)");
    event = prepare("INSERT INTO event(execution_id, type, artifact_id, millis) VALUES(?,?,?,?)");
    association = prepare("INSERT INTO association(context_id, execution_id) VALUES(?,?)");
    attribution = prepare("INSERT INTO attribution(context_id, artifact_id) VALUES(?,?)");
}

static void prepare_raw_and_contexts(long first, long steps) {
    char name[64], uri[64];
    run(begin, "");
    if (scalar("SELECT count(*) FROM (SELECT 1 FROM artifact LIMIT 1)") == 0)
        for (long i = 1; i <= RAW_ARTIFACTS; i++) {
            snprintf(name, sizeof name, "raw%ld", i);
            snprintf(uri, sizeof uri, "s3://raw/%ld", i);
            run(artifact, "iisisiis", i, 9L, uri, 2L, name, 0L, 0L, "{}");
        }
    for (long c = first / STEPS_A_RUN; c <= (first + steps) / STEPS_A_RUN; c++) {
        snprintf(name, sizeof name, "run%ld", c);
        run(context, "iis", c + 1, 1L, name);
    }
    run(commit, "");
}

static void write_step(long i, unsigned *seed) {
    const long execution_id = i + 1, first_output = RAW_ARTIFACTS + 1 + 2 * i, now = 1700000000000L + i;
    const long context_id = i / STEPS_A_RUN + 1;
    char name[64], uri[128], props[256];

    snprintf(name, sizeof name, "step-%ld", i);
    snprintf(props, sizeof props, "{\"image\":\"registry/img:%ld\",\"lr\":%g,\"epochs\":%ld,\"node\":\"w%ld\"}",
             i % 50, 0.001 * (double)i, i % 100, i % 64);
    run(execution, "iiisiis", execution_id, i % 8, 3L, name, now, now, props);
    for (long k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "art-%ld-%ld", i, k);
        snprintf(uri, sizeof uri, "s3://bucket/run/%ld/step/%ld/out%ld", context_id, i, k);
        snprintf(props, sizeof props, "{\"accuracy\":%g,\"rows\":%ld,\"split\":\"train%ld\"}", 0.5 + (double)i * 1e-7, i * 3, i % 5);
        run(artifact, "iisisiis", first_output + k, k, uri, 2L, name, now, now, props);
    }
    run(event, "iiii", execution_id, 3L, i ? first_output - 2 : 1L, now);
    run(event, "iiii", execution_id, 3L, i ? first_output - 1 : 2L, now);
    run(event, "iiii", execution_id, 3L, (long)(rand_r(seed) % (RAW_ARTIFACTS - 3)) + 3, now);
    for (long k = 0; k < 2; k++) run(event, "iiii", execution_id, 4L, first_output + k, now);
    run(association, "ii", context_id, execution_id);
    for (long k = 0; k < 2; k++) run(attribution, "ii", context_id, first_output + k);
}

static void write_steps(long first, long steps, long batch) {
    unsigned seed = (unsigned)first + 1;
    for (long n = 0; n < steps; n++) {
        if (n % batch == 0) run(begin, "");
        write_step(first + n, &seed);
        if (n % batch == batch - 1 || n == steps - 1) run(commit, "");
    }
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: %s FILE SYNCHRONOUS BATCH STEPS [PRELOAD]\n", argv[0]);
        return 2;
    }
    const long batch = atol(argv[3]), steps = atol(argv[4]), preload = argc > 5 ? atol(argv[5]) : 0;
    open_store(argv[1], argv[2]);
    long first = scalar("SELECT coalesce(max(id), 0) FROM execution");
    prepare_raw_and_contexts(first, preload + steps);
    if (preload) {
        write_steps(first, preload, PRELOAD_BATCH);
        script("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    write_steps(first + preload, steps, batch);
    const double took = seconds(CLOCK_MONOTONIC) - wall, used = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"steps\": %ld, \"seconds\": %.6f, \"steps_per_s\": %.1f, \"cpu_us\": %.1f, \"events\": %ld, \"sqlite\": \"%s\"}\n", steps,
           took, steps ? (double)steps / took : 0.0, steps ? used / (double)steps * 1e6 : 0.0, 5 * (first + preload + steps),
           sqlite3_libversion());
    return 0;
}
