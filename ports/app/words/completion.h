/* completion: what a shell needs to complete a program's command lines. */
#ifndef PORTS_APP_WORDS_COMPLETION_H
#define PORTS_APP_WORDS_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "ports/app/words/words.h"

/* Writes the script of a shell: "bash", "zsh" or "fish". False for another. */
bool completion_print(const struct words_program *program, const char *shell, FILE *out);

#endif
