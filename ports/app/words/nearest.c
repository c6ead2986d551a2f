/* nearest: optimal string alignment over short words, three rows at a time. */
#include "ports/app/words/nearest.h"

#include <ctype.h>
#include <string.h>

#define WORD_CHARACTERS_MAX 40

/* Small letters and digits only; false when the word is too long to be a key. */
static int plain(const char *word, char out[WORD_CHARACTERS_MAX + 1])
{
    int len = 0;
    for (; *word != '\0'; word++) {
        if (isalnum((unsigned char)*word)) {
            if (len == WORD_CHARACTERS_MAX) {
                return -1;
            }
            out[len++] = (char)tolower((unsigned char)*word);
        }
    }
    out[len] = '\0';
    return len;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *word, const char *known)
{
    char a[WORD_CHARACTERS_MAX + 1];
    char b[WORD_CHARACTERS_MAX + 1];
    size_t rows[3][WORD_CHARACTERS_MAX + 1];
    int a_len = plain(word, a);
    int b_len = plain(known, b);
    if (a_len < 0 || b_len < 0) {
        return NEAREST_DISTANCE_MAX + 1;
    }
    for (size_t j = 0; j <= (size_t)b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= (size_t)a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= (size_t)b_len; j++) {
            size_t change = before[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = least(change, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], earlier[j - 2] + 1);
            }
        }
    }
    size_t distance = rows[a_len % 3][b_len];
    return distance > NEAREST_DISTANCE_MAX || distance * 2 >= (size_t)a_len
               ? NEAREST_DISTANCE_MAX + 1
               : distance;
}
