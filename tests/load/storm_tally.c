/* storm_tally: the instants that count are those the links chose, not those at which a machine that
 * does much else got round to it: so no time of day and no load makes a good storm look bad. */
#include "tests/load/storm_tally.h"

#include <stdio.h>

#define SECONDS_SHOWN 64

/* The promise, written here again and not taken from what is judged: the n-th failure in a row
 * waits less than 1 s * 2^(n-1), and never 30 s. */
#define WINDOW_FIRST_MS 1000
#define WINDOW_MOST_MS  30000

/* The most that may come back within one second, of all. After three seconds without a broker most
 * links have failed at least twice and wait within windows of 4 s and more: in 20,000 storms drawn
 * at random, of 200 links each and with the broker gone for 3 to 5 s, the fullest second held 30 %
 * as a rule and 44 % at the most. Without jitter it is all of them. */
#define SECOND_SHARE_MAX 0.5

/* Full jitter takes half of the window on average; the mean of some 500 draws strays by 0.013. */
#define MEAN_SHARE_MIN 0.4
#define MEAN_SHARE_MAX 0.6

void storm_attempt(struct storm_tally *tally, mono_ms now)
{
    tally->attempts++;
    tally->early += now < tally->due;
}

void storm_wait(struct storm_tally *tally, unsigned failures, mono_ms now, mono_ms due)
{
    int64_t window = WINDOW_FIRST_MS;
    tally->failures++;
    for (unsigned i = 1; i < tally->failures && window < WINDOW_MOST_MS; i++) {
        window *= 2;
    }
    window = window < WINDOW_MOST_MS ? window : WINDOW_MOST_MS;
    tally->waits++;
    tally->forgiven += failures < tally->failures;
    tally->wide += due - now >= window;
    tally->shares += (double)(due - now) / (double)window;
    tally->due = due;
}

void storm_lost(struct storm_tally *tally, mono_ms now)
{
    if (tally->lost_at == 0) {
        tally->lost_at = now;
    }
}

void storm_back(struct storm_tally *tally, mono_ms now)
{
    tally->back_at = now;
}

bool storm_is_back(const struct storm_tally *tally)
{
    return tally->lost_at != 0 && tally->back_at >= tally->lost_at;
}

static size_t second_of(mono_ms instant, mono_ms begin)
{
    int64_t second = instant > begin ? (instant - begin) / SECONDS_MS(1) : 0;
    return second < SECONDS_SHOWN ? (size_t)second : SECONDS_SHOWN - 1;
}

static size_t histogram_print(const struct storm_tally *const *tallies, size_t count, mono_ms begin)
{
    size_t chosen[SECONDS_SHOWN] = {0};
    size_t seen[SECONDS_SHOWN] = {0};
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        chosen[second_of(tallies[i]->due, begin)]++;
        seen[second_of(tallies[i]->back_at, begin)]++;
    }
    printf("second  tried  back\n");
    for (size_t i = 0; i < SECONDS_SHOWN; i++) {
        most = chosen[i] > most ? chosen[i] : most;
        if (chosen[i] + seen[i] > 0) {
            printf("%6zu %6zu %5zu  %.*s\n", i, chosen[i], seen[i], (int)(seen[i] / 2),
                   "####################################################################"
                   "####################################################################");
        }
    }
    return most;
}

static bool told(bool is_so, const char *what)
{
    if (!is_so) {
        printf("not so: %s\n", what);
    }
    return is_so;
}

bool storm_judge(const struct storm_tally *const *tallies, size_t count)
{
    mono_ms begin = tallies[0]->lost_at;
    unsigned early = 0, wide = 0, forgiven = 0, waits = 0;
    double shares = 0;
    for (size_t i = 0; i < count; i++) {
        begin = tallies[i]->lost_at < begin ? tallies[i]->lost_at : begin;
        early += tallies[i]->early;
        wide += tallies[i]->wide;
        forgiven += tallies[i]->forgiven;
        waits += tallies[i]->waits;
        shares += tallies[i]->shares;
    }
    size_t most = histogram_print(tallies, count, begin);
    double mean = shares / (double)waits;
    printf("%zu sessions, %u waits, %.3f of the window on average, at most %zu in one second\n",
           count, waits, mean, most);
    bool is_good = told(early == 0, "no attempt before its time");
    is_good &= told(wide == 0, "no wait above the backoff's window");
    is_good &= told(forgiven == 0, "every failure makes the window wider");
    is_good &= told(mean > MEAN_SHARE_MIN && mean < MEAN_SHARE_MAX, "waits fill their windows");
    is_good &= told((double)most <= SECOND_SHARE_MAX * (double)count,
                    "no second holds more than half of those who come back");
    return is_good;
}
