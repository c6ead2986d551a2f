/* typed: words of a line into an argv. */
#include "tests/unit/words/typed.h"

#include <string.h>

#include "ports/app/berth/values.h"
#include "ports/app/berth/verbs.h"

#define WORDS_MOST 64

int typed_read(const struct words_program *program, const char *line, struct given *given)
{
    static char copy[2048];
    static char *words[WORDS_MOST + 1];
    char *rest = NULL;
    int count = 1;
    words[0] = (char *)(uintptr_t)program->name;
    (void)text_copy(copy, sizeof copy, line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < WORDS_MOST;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    words[count] = NULL;
    return given_read(program, program == &words_berth ? values_check : NULL, count, words, given);
}

int typed_run(const char *line, struct err *err)
{
    static struct given given;
    *err = (struct err){0};
    return typed_read(&words_berth, line, &given) != 0 ? given_judge(&given, err)
                                                       : verb_find(given.verb->name)(&given, err);
}
