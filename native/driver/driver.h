/* The driver's commands, one function each, and the exit codes they share. A command gets the words
 * that follow its name. */
#ifndef PORTCULLIS_DRIVER_H
#define PORTCULLIS_DRIVER_H

#define EXIT_CODE_PASSED 0
#define EXIT_CODE_FAILED 1 /* something was asked and did not come out as it must */
#define EXIT_CODE_USAGE 2  /* the command line or the script is not one */

int driver_script(int argc, char **argv);
int driver_load(int argc, char **argv);
int driver_cycles(int argc, char **argv);

#endif
