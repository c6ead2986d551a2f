/* berth completion: what a shell needs to complete its command lines, on standard output. */
#include <stdio.h>

#include "ports/app/berth/verbs.h"
#include "ports/app/words/completion.h"

int verb_completion(struct given *given, struct err *err)
{
    return completion_print(&words_berth, given->arguments[0], stdout)
               ? 0
               : err_set(err, ERR_USAGE, "%.64s: there are bash, zsh and fish",
                         given->arguments[0]);
}
