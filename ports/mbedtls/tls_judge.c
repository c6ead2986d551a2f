/* tls_judge: recomputes EXPIRED and FUTURE, which the library took from time(2). */
#include "ports/mbedtls/tls_judge.h"

#include <mbedtls/x509_crt.h>

/* Days from 1970-01-01 to a day of the proleptic Gregorian calendar; years from March on, so that
 * the leap day is the last of its year. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static wall_ms instant_of(const mbedtls_x509_time *time)
{
    int64_t hours = days_of(time->year, time->mon, time->day) * 24 + time->hour;
    return ((hours * 60 + time->min) * 60 + time->sec) * 1000;
}

void tls_judge_begin(struct tls_judge *judge)
{
    judge->newest_here = 0;
    judge->bad_depth = 0;
    judge->bad_bound = 0;
}

/* A clock that is kept right wins over what certificates accepted before have said. */
static void look(struct tls_judge *judge)
{
    judge->now = judge->clock.ops->wall(judge->clock.self, &judge->is_trusted);
    wall_ms proven = clock_past(&judge->clock);
    if (judge->is_trusted && judge->newest > judge->now) {
        judge->newest = 0;
    }
    judge->past = judge->is_trusted ? judge->now : proven > judge->newest ? proven : judge->newest;
}

int tls_judge_certificate(void *ctx, struct mbedtls_x509_crt *certificate, int depth,
                          uint32_t *flags)
{
    struct tls_judge *judge = ctx;
    wall_ms begin = instant_of(&certificate->valid_from);
    wall_ms end = instant_of(&certificate->valid_to) + 999; /* the whole last second */
    look(judge);
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (judge->past > end) {
        *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
        judge->bad_bound = end;
        judge->bad_depth = depth;
    } else if (judge->is_trusted && judge->now < begin) {
        *flags |= MBEDTLS_X509_BADCERT_FUTURE;
        judge->bad_bound = begin;
        judge->bad_depth = depth;
    }
    judge->newest_here = begin > judge->newest_here ? begin : judge->newest_here;
    return 0;
}

void tls_judge_accept(struct tls_judge *judge)
{
    judge->newest = judge->newest_here > judge->newest ? judge->newest_here : judge->newest;
}
