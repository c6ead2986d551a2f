/* typed: a command line of berth as it would be typed, without the program's name; its words are
 * parted by blanks. */
#ifndef TESTS_UNIT_WORDS_TYPED_H
#define TESTS_UNIT_WORDS_TYPED_H

#include "ports/app/words/given.h"

/* Reads it against the program's table. The words live until the next call. */
NODISCARD int typed_read(const struct words_program *program, const char *line,
                         struct given *given);
/* Runs the verb of a line of berth; what is wrong with the line is ERR_USAGE with all of it. */
NODISCARD int typed_run(const char *line, struct err *err);

#endif
