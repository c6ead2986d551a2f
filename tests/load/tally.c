/* tally.c: counts what happened to every request and says it, in words and in JSON. */
#include "tally.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const failure_texts[] = {
#define FAILURE_TEXT(name, text, sentence) [FAILURE_##name] = text,
    FAILURE_KINDS(FAILURE_TEXT)
#undef FAILURE_TEXT
};

static const char *const failure_sentences[] = {
#define FAILURE_SENTENCE(name, text, sentence) [FAILURE_##name] = sentence,
    FAILURE_KINDS(FAILURE_SENTENCE)
#undef FAILURE_SENTENCE
};

void tally_init(struct tally *tally, int64_t now_us)
{
    memset(tally, 0, sizeof(*tally));
    tally->started_us = now_us;
    for (int i = 0; i < TARGETS_MAX; i++) {
        tally->last_ok_us[i] = now_us;
    }
}

/* Latencies are kept in cells that are at most 1/32 wide of their value, up to any size: exact
 * below 32, then 32 cells for each power of two. */
static int latency_cell(int64_t us)
{
    if (us < 32) {
        return us < 0 ? 0 : (int)us;
    }
    int shift = 58 - __builtin_clzll((unsigned long long)us);
    return (shift + 1) * 32 + (int)((us >> shift) - 32);
}

static int64_t latency_of_cell(int cell)
{
    return cell < 32 ? cell : ((int64_t)(cell % 32) + 32) << (cell / 32 - 1);
}

static int64_t latency_at(const struct tally *tally, double share)
{
    uint64_t wanted = (uint64_t)((double)tally->ok * share);
    uint64_t seen = 0;
    for (int cell = 0; cell < LATENCY_CELLS; cell++) {
        seen += tally->latency[cell];
        if (seen > wanted) {
            return latency_of_cell(cell);
        }
    }
    return tally->latency_us_max;
}

static struct version_count *version_find(struct tally *tally, const char *version)
{
    for (int i = 0; i < tally->versions_len; i++) {
        if (strcmp(tally->versions[i].version, version) == 0) {
            return &tally->versions[i];
        }
    }
    if (tally->versions_len == VERSIONS_MAX - 1 && strcmp(version, "other") != 0) {
        return version_find(tally, "other");
    }
    struct version_count *count = &tally->versions[tally->versions_len++];
    snprintf(count->version, sizeof(count->version), "%s", version);
    return count;
}

static void gap_close(struct tally *tally, int target, int64_t now_us)
{
    int64_t gap_us = now_us - tally->last_ok_us[target];
    if (gap_us > tally->gap_us_max[target]) {
        tally->gap_us_max[target] = gap_us;
    }
    tally->last_ok_us[target] = now_us;
}

void tally_connected(struct tally *tally, int64_t connect_us, bool is_retried)
{
    tally->connections++;
    tally->retried += is_retried;
    if (connect_us > tally->connect_us_max) {
        tally->connect_us_max = connect_us;
    }
}

void tally_ok(struct tally *tally, int target, const char *version, int64_t latency_us,
              int64_t now_us)
{
    tally->ok++;
    tally->hung += latency_us > HUNG_US;
    tally->latency[latency_cell(latency_us)]++;
    if (latency_us > tally->latency_us_max) {
        tally->latency_us_max = latency_us;
    }
    if (version[0] != '\0') {
        version_find(tally, version)->count++;
    }
    gap_close(tally, target, now_us);
}

void tally_failure(struct tally *tally, const struct options *options,
                   const struct failure_note *note, int64_t now_us)
{
    tally->failed++;
    tally->hung += note->after_us > HUNG_US;
    tally->failures[note->kind]++;
    if (tally->failed > PRINTED_MAX) {
        return;
    }
    struct timespec wall;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &wall);
    gmtime_r(&wall.tv_sec, &parts);
    strftime(text, sizeof(text), "%H:%M:%S", &parts);
    fprintf(stderr,
            "load: %s.%03ldZ +%.3fs %s: %s (%s) target=%s local-port=%u client=%s "
            "answers-before=%" PRIu64 " after=%.1fms\n",
            text, wall.tv_nsec / 1000000, (double)(now_us - tally->started_us) / 1e6,
            failure_texts[note->kind], failure_sentences[note->kind], note->detail,
            options->targets[note->target].name, note->local_port,
            note->is_keepalive ? "keepalive" : "new", note->answers_before,
            (double)note->after_us / 1e3);
    if (tally->failed == PRINTED_MAX) {
        fprintf(stderr, "load: further failures are counted, not printed\n");
    }
}

void tally_stop(struct tally *tally, int targets_len, int64_t now_us)
{
    tally->stopped_us = now_us;
    for (int i = 0; i < targets_len; i++) {
        gap_close(tally, i, now_us);
    }
}

static void versions_write(const struct tally *tally, FILE *file)
{
    fputc('{', file);
    for (int i = 0; i < tally->versions_len; i++) {
        fprintf(file, "%s\"%s\": %" PRIu64, i > 0 ? ", " : "", tally->versions[i].version,
                tally->versions[i].count);
    }
    fputc('}', file);
}

void tally_write_live(const struct tally *tally, FILE *file, int64_t now_us)
{
    fprintf(file,
            "{\"ms\": %" PRId64 ", \"ok\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"versions\": ",
            (now_us - tally->started_us) / 1000, tally->ok, tally->failed);
    versions_write(tally, file);
    fputs("}\n", file);
    fflush(file);
}

void tally_write_json(const struct tally *tally, const struct options *options, FILE *file)
{
    fprintf(file,
            "{\n  \"seconds\": %.3f,\n  \"requests\": %" PRIu64 ",\n  \"ok\": %" PRIu64
            ",\n  \"failed\": %" PRIu64 ",\n",
            (double)(tally->stopped_us - tally->started_us) / 1e6, tally->ok + tally->failed,
            tally->ok, tally->failed);
    for (int i = 0; i < FAILURE_KINDS_LEN; i++) {
        fprintf(file, "  \"failed_%s\": %" PRIu64 ",\n", failure_texts[i], tally->failures[i]);
    }
    fprintf(file,
            "  \"connections\": %" PRIu64 ",\n  \"closed_idle\": %" PRIu64
            ",\n  \"said_close\": %" PRIu64 ",\n  \"retried\": %" PRIu64 ",\n  \"hung\": %" PRIu64
            ",\n  \"connect_us_max\": %" PRId64 ",\n  \"latency_us_median\": %" PRId64
            ",\n  \"latency_us_p99\": %" PRId64 ",\n  \"latency_us_max\": %" PRId64
            ",\n  \"versions\": ",
            tally->connections, tally->closed_idle, tally->said_close, tally->retried, tally->hung,
            tally->connect_us_max, latency_at(tally, 0.5), latency_at(tally, 0.99),
            tally->latency_us_max);
    versions_write(tally, file);
    fputs(",\n  \"gap_ms_max\": {", file);
    for (int i = 0; i < options->targets_len; i++) {
        fprintf(file, "%s\"%s\": %.1f", i > 0 ? ", " : "", options->targets[i].name,
                (double)tally->gap_us_max[i] / 1e3);
    }
    fputs("}\n}\n", file);
}

void tally_write_summary(const struct tally *tally, const struct options *options, FILE *file)
{
    fprintf(file, "%" PRIu64 " requests in %.1f s, %" PRIu64 " failed", tally->ok + tally->failed,
            (double)(tally->stopped_us - tally->started_us) / 1e6, tally->failed);
    for (int i = 0; i < FAILURE_KINDS_LEN; i++) {
        if (tally->failures[i] > 0) {
            fprintf(file, ", %" PRIu64 " %s", tally->failures[i], failure_texts[i]);
        }
    }
    fputs("; versions ", file);
    versions_write(tally, file);
    fprintf(file,
            "; %" PRIu64 " connections, %" PRIu64 " retried, %" PRIu64
            " hung, longest connect %.2f ms; latency median %.2f ms, p99 %.2f ms, max %.2f ms; "
            "longest gap",
            tally->connections, tally->retried, tally->hung, (double)tally->connect_us_max / 1e3,
            (double)latency_at(tally, 0.5) / 1e3, (double)latency_at(tally, 0.99) / 1e3,
            (double)tally->latency_us_max / 1e3);
    for (int i = 0; i < options->targets_len; i++) {
        fprintf(file, " %.1f ms", (double)tally->gap_us_max[i] / 1e3);
    }
    fputc('\n', file);
}
