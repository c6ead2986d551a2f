/* project: whole projects in a folder of their own: what becomes of the files, and what is said.
 * What is wanted is derived from the Compose specification and from what Compose 2.26 prints. */
#include "ports/app/berth/compose/project.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/open.h"
#include "tests/check.h"
#include "tests/unit/berth/compose/shown.h"

struct world {
    const char *files;    /* "== NAME" lines, each followed by the file's text */
    const char *env;      /* "NAME=value;..." */
    const char *options;  /* "-f NAME", "-e NAME", "-r PROFILE", "-p NAME", "-d DIR", by spaces */
    const char *name;     /* wanted */
    const char *tree;     /* wanted: a beginning of the path and the value there */
    const char *findings; /* wanted */
};

static char folder[64];

static int entry_remove(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static void folders_make(char *path)
{
    for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
}

static void files_write(const char *files)
{
    while (strncmp(files, "== ", 3) == 0) {
        char name[128];
        size_t len = strcspn(files + 3, "\n");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, files + 3);
        files += 3 + len + 1;
        const char *end = strstr(files, "== ");
        size_t bytes = end != NULL ? (size_t)(end - files) : strlen(files);
        folders_make(name);
        FILE *file = fopen(name, "we");
        CHECK(file != NULL);
        (void)fwrite(files, 1, bytes, file);
        (void)fclose(file);
        files += bytes;
    }
}

static const char *env_find(void *ctx, const char *name)
{
    static char value[256];
    const char *at = ctx;
    size_t len = strlen(name);
    while (at != NULL && *at != '\0') {
        size_t end = strcspn(at, ";");
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            (void)snprintf(value, sizeof value, "%.*s", (int)(end - len - 1), at + len + 1);
            return value;
        }
        at += end + (at[end] == ';');
    }
    return NULL;
}

static void world_begin(const char *files)
{
    (void)strcpy(folder, "/tmp/berth-project-XXXXXX");
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0 && mkdir("shop", 0755) == 0 &&
          chdir("shop") == 0);
    files_write(files);
}

static void world_end(void)
{
    CHECK(chdir("/") == 0);
    (void)nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

struct options {
    const char *files[8], *env_files[8], *profiles[8];
    char words[256];
};

static void options_read(const char *text, struct options *options, struct project_request *request)
{
    *request = (struct project_request){.files = options->files,
                                        .env_files = options->env_files,
                                        .profiles = options->profiles,
                                        .env = env_find};
    (void)snprintf(options->words, sizeof options->words, "%s", text);
    char *rest = options->words;
    for (char *word = strsep(&rest, " "); word != NULL && word[0] == '-';
         word = strsep(&rest, " ")) {
        const char *value = strsep(&rest, " ");
        if (word[1] == 'f') {
            options->files[request->file_count++] = value;
        } else if (word[1] == 'e') {
            options->env_files[request->env_file_count++] = value;
        } else if (word[1] == 'r') {
            options->profiles[request->profile_count++] = value;
        } else if (word[1] == 'p') {
            request->name = value;
        } else {
            request->project_dir = value;
        }
    }
}

/* `part` of the file is the tree that is wanted. */
static void world_check(const struct world *world, const char *part)
{
    struct options options = {.words = ""};
    struct project_request request;
    struct findings *findings = findings_new();
    struct project *project = NULL;
    struct err err = {0};
    world_begin(world->files);
    options_read(world->options, &options, &request);
    request.ctx = (void *)world->env;
    CHECK_INT_EQ(project_load(&request, findings, &project, &err), 0);
    CHECK_STR_EQ(err.text, "");
    char *said = findings_show(findings);
    CHECK_STR_EQ(said, world->findings);
    char *shown = project != NULL ? tree_show(yaml_tree_member(project->root, part)) : NULL;
    CHECK_STR_EQ(shown, world->tree);
    CHECK_STR_EQ(project != NULL ? project->name : "none", world->name);
    free(shown);
    free(said);
    project_free(project);
    findings_free(findings);
    world_end();
}

static void worlds_check(const struct world *worlds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        world_check(&worlds[i], "services");
    }
}

static void case_found(void)
{
    static const struct world worlds[] = {
        {"== compose.yaml\nservices: {w: {user: a}}\n== compose.override.yaml\n"
         "services: {w: {user: b, tty: true}}\n",
         "", "", "shop", "{w: {user: b, tty: true}}", ""},
        {"== docker-compose.yml\nservices: {w: {user: a}}\n== compose.yml\n"
         "services: {w: {user: b}}\n",
         "", "", "shop", "{w: {user: b}}",
         "docker-compose.yml:0: note: -: not read: compose.yml stands beside it\n"},
        {"== compose.yaml\nservices: {w: {user: a}}\n== compose.override.yaml\n"
         "services: {w: {user: b}}\n",
         "", "-f compose.yaml", "shop", "{w: {user: a}}", ""},
        {"== ../compose.yaml\nservices: {w: {user: $U}}\nname: up\n== ../.env\nU=above\n"
         "== .env\nU2=here\n",
         "", "", "up", "{w: {user: above}}", ""},
        {"== a.yaml\nservices: {w: {user: a}}\n== b.yaml\nservices: {w: {user: $U}}\n"
         "== .env\nCOMPOSE_FILE=a.yaml,b.yaml\nCOMPOSE_PATH_SEPARATOR=,\nU=dot\n",
         "", "", "shop", "{w: {user: dot}}", ""},
        {"== d/a.yaml\nservices: {w: {user: $U}}\n== d/.env\nU=of d\n== .env\nU=of here\n", "",
         "-f d/a.yaml", "d", "{w: {user: of d}}", ""},
        {"== d/a.yaml\nservices: {w: {user: $U}}\n== d/.env\nU=of d\n== .env\nU=of here\n", "",
         "-f d/a.yaml -d .", "shop", "{w: {user: of here}}", ""},
        {"== a.yaml\nservices: {w: {user: $U}}\n== one\nU=1\nV=1\n== two\nU=2$V\n== .env\nU=dot\n",
         "", "-f a.yaml -e one -e two", "shop", "{w: {user: 21}}", ""},
        {"== a.yaml\nservices: {w: {user: $U}}\n== one\nU=1\n== two\nU=2\n== .env\nU=dot\n",
         "COMPOSE_ENV_FILES=one,two", "-f a.yaml", "shop", "{w: {user: 2}}", ""},
        {"== a.yaml\nservices: {w: {user: '${U-none}'}}\n== .env\nU=dot\n",
         "COMPOSE_DISABLE_ENV_FILE=1", "-f a.yaml", "shop", "{w: {user: none}}", ""},
        {"== a.yaml\nservices: {w: {user: $U}}\n== .env\nU=dot\n", "U=shell", "-f a.yaml", "shop",
         "{w: {user: shell}}", ""}};
    worlds_check(worlds, COUNT_OF(worlds));
    struct project_request request = {.env = env_find};
    struct findings *findings = findings_new();
    struct project *project = NULL;
    struct err err = {0};
    world_begin("");
    CHECK_INT_EQ(project_load(&request, findings, &project, &err), ERR_NOT_FOUND);
    CHECK_CONTAINS(err.text, "no compose.yaml here");
    world_end();
    findings_free(findings);
}

static void case_name(void)
{
    static const struct world worlds[] = {
        {"== a.yaml\nname: \"My App\"\nservices: {w: {user: $COMPOSE_PROJECT_NAME}}\n", "",
         "-f a.yaml", "myapp", "{w: {user: myapp}}", ""},
        {"== a.yaml\nname: x\nservices: {}\n", "COMPOSE_PROJECT_NAME=e", "-f a.yaml", "e", "{}",
         ""},
        {"== a.yaml\nname: x\nservices: {}\n", "COMPOSE_PROJECT_NAME=e", "-f a.yaml -p said",
         "said", "{}", ""},
        {"== a.yaml\nname: x\nservices: {}\n== b.yaml\nname: ${N:-y}-z\n", "",
         "-f a.yaml -f b.yaml", "y-z", "{}", ""},
        {"== a.yaml\nservices: {}\n", "", "-f a.yaml -p Said", "said", "{}",
         "-:0: name: Said: is no project name\n"},
        {"== a.yaml\nservices: {}\nname: \"__\"\n", "", "-f a.yaml", "", "{}",
         "a.yaml:2: name: __: no project name can be made of it\n"}};
    worlds_check(worlds, COUNT_OF(worlds));
}

static void case_environment(void)
{
    static const struct world worlds[] = {
        {"== a.yaml\nservices: {w: {env_file: e, environment: {B: own, C: , D: 1.10, E: ''}}}\n"
         "== e\nA=1\nB=file\nC=file\nF=$(node.name)\n",
         "C=shell", "-f a.yaml", "shop",
         "{w: {environment: {B: 'own', C: 'shell', D: '1.1', E: '', A: '1', F: '$$(node.name)'}}}",
         "a.yaml:1: note: services.w.environment.D: 1.10 is read as YAML's 1.1, as Compose does\n"
         "e:4: note: -: $(node.name) stays as it is: the node fills it in in values of environment "
         "only\n"},
        {"== a.yaml\nservices: {w: {environment: [A, B=, C=c=d, A=2, E]}}\n", "E=$(node.name)",
         "-f a.yaml", "shop", "{w: {environment: {A: '2', B: '', C: 'c=d', E: '$$(node.name)'}}}",
         ""},
        {"== a.yaml\nservices: {w: {environment: {A: null, B: ~}, env_file: e}}\n== e\nA=file\n",
         "", "-f a.yaml", "shop", "{w: {environment: {}}}",
         "a.yaml:1: note: services.w.environment.A: has no value here or in the environment: left "
         "out, so the image's own stays\n"
         "a.yaml:1: note: services.w.environment.B: has no value here or in the environment: left "
         "out, so the image's own stays\n"},
        {"== a.yaml\nservices: {w: {env_file: [{path: e, format: raw}, {path: none, required: "
         "false}]}}\n== e\nA='$X'\n",
         "", "-f a.yaml", "shop", "{w: {environment: {A: ''$X''}}}",
         "a.yaml:1: note: services.w.env_file: is not there and not required: left out\n"},
        {"== d/a.yaml\nservices: {w: {env_file: e}}\n== d/e\nA=$P\n== d/.env\nP=dot\n", "",
         "-f d/a.yaml", "d", "{w: {environment: {A: 'dot'}}}", ""},
        {"== a.yaml\nservices:\n  w:\n    environment: x\n  v:\n    environment: {A: [1]}\n"
         "  u:\n    env_file: none\n  t:\n    env_file: [{format: raw}, {path: e, format: x}]\n"
         "== e\nA b=1\n",
         "", "-f a.yaml", "shop", "{w: {environment: x}, v: {environment: {A: [1]}}, u: {}, t: {}}",
         "a.yaml:3: services.w.environment: must be a map or a list of NAME=value\n"
         "a.yaml:5: services.v.environment.A: must be a single value\n"
         "a.yaml:7: services.u.env_file: none: No such file or directory\n"
         "a.yaml:9: services.t.env_file: must name a file, or have the key path\n"
         "a.yaml:9: services.t.env_file: there is no such format\n"
         "e:1: -: this is no NAME=value\n"}};
    worlds_check(worlds, COUNT_OF(worlds));
}

/* A config that is a variable gets its value as it is; one that is not set is said. */
static void case_configs(void)
{
    static const struct world world = {
        "== a.yaml\nconfigs: {c: {environment: V}, d: {environment: NONE}}\nservices: {}\n"
        "== .env\nV='a $W'\n",
        "",
        "-f a.yaml",
        "shop",
        "{c: {environment: V, content: a $W}, d: {environment: NONE}}",
        "a.yaml:1: configs.d.environment: the variable NONE is not set\n"};
    world_check(&world, "configs");
}

static void case_extends(void)
{
    static const struct world worlds[] = {
        {"== a.yaml\nservices:\n  w: {extends: {service: v}, tty: true}\n"
         "  v: {user: v, extends: u}\n  u: {user: u, cap_add: [A]}\n",
         "", "-f a.yaml", "shop",
         "{w: {user: v, cap_add: [A], tty: true}, v: {user: v, cap_add: [A]}, "
         "u: {user: u, cap_add: [A]}}",
         ""},
        {"== a.yaml\nservices: {w: {extends: {file: d/b.yaml, service: v}, ports: !reset []}}\n"
         "== d/b.yaml\nservices: {v: {env_file: e, ports: ['80'], user: $U}}\n== d/e\nA=1\n",
         "U=shell", "-f a.yaml", "shop", "{w: {user: shell, environment: {A: '1'}}}", ""},
        {"== a.yaml\nservices: {w: {extends: {file: b.yaml, service: v}}}\n"
         "== b.yaml\nservices: {x: {user: $NONE}, v: {user: $$A, extends: u}, u: {tty: $NONE2}}\n",
         "", "-f a.yaml", "shop", "{w: {tty: , user: $A}}",
         "b.yaml:1: services.u.tty: the variable NONE2 is not set\n"},
        {"== a.yaml\nservices: {w: {ports: ['80']}}\n"
         "== b.yaml\nservices: {w: {extends: v, ports: !reset []}, v: {ports: ['81'], user: v}}\n",
         "", "-f a.yaml -f b.yaml", "shop", "{w: {user: v}, v: {ports: ['81'], user: v}}", ""},
        {"== a.yaml\nservices: {w: {ports: ['80'], tty: true}}\n"
         "== b.yaml\nservices: {w: {extends: v}, v: {ports: !reset [], tty: !override false}}\n",
         "", "-f a.yaml -f b.yaml", "shop", "{w: {ports: ['80'], tty: false}, v: {tty: false}}",
         ""},
        {"== a.yaml\nservices:\n  w: {extends: v}\n  v: {extends: w}\n", "", "-f a.yaml", "shop",
         "{w: {}, v: {}}",
         "a.yaml:2: services.w.extends: goes in a circle: w of a.yaml, v of a.yaml, w of a.yaml\n"},
        {"== a.yaml\nservices:\n  w: {extends: {file: none.yaml, service: v}}\n"
         "  v: {extends: none}\n  u: {extends: {file: d}}\n  t: {extends: {file: a.yaml, service: "
         "x}}"
         "\n",
         "", "-f a.yaml", "shop", "{w: {}, v: {}, u: {}, t: {}}",
         "a.yaml:2: services.w.extends: none.yaml: No such file or directory\n"
         "a.yaml:3: services.v.extends: the service none is not in this file\n"
         "a.yaml:4: services.u.extends: must name a service, or have the key service\n"
         "a.yaml:5: services.t.extends: the service x is not in a.yaml\n"}};
    worlds_check(worlds, COUNT_OF(worlds));
}

static void case_include(void)
{
    static const struct world worlds[] = {
        {"== a.yaml\ninclude: [d/b.yaml]\nservices: {w: {user: $U}}\n== .env\nU=main\n"
         "== d/b.yaml\nservices: {v: {user: $U, hostname: $H, environment: [E], env_file: f}}\n"
         "== d/.env\nU=d\nH=d\nE=d\n== d/f\nF=1\n",
         "", "-f a.yaml", "shop",
         "{w: {user: main}, v: {user: main, hostname: d, environment: {E: 'd', F: '1'}}}", ""},
        {"== a.yaml\ninclude: [{path: [d/b.yaml, c.yaml], project_directory: ., env_file: [x, "
         "y]}]\n"
         "== d/b.yaml\nservices: {v: {user: $U, env_file: f}}\n== c.yaml\nservices: {v: {tty: "
         "$T}}\n"
         "== x\nU=x\nT=x\n== y\nT=y$U\n== f\nF=top\n== d/f\nF=d\n",
         "", "-f a.yaml", "shop", "{v: {user: x, tty: yx, environment: {F: 'top'}}}", ""},
        {"== a.yaml\ninclude: [b.yaml]\nservices:\n  v: {user: a}\n  u: {user: u}\n"
         "== b.yaml\nservices:\n  v: {user: b}\n  u: {user: u}\n",
         "", "-f a.yaml", "shop", "{v: {user: a}, u: {user: u}}",
         "a.yaml:3: services.v: stands in the included b.yaml:2 as well\n"},
        {"== a.yaml\ninclude: [b.yaml]\n== b.yaml\nservices: {v: {user: b}}\n"
         "== c.yaml\nservices: {v: {user: c}}\n",
         "", "-f a.yaml -f c.yaml", "shop", "{v: {user: c}}", ""},
        {"== a.yaml\ninclude: [b.yaml]\nservices: {}\n== b.yaml\ninclude: [a.yaml]\nservices: {}\n",
         "", "-f a.yaml", "shop", "{}",
         "b.yaml:1: include: goes in a circle: a.yaml includes itself\n"},
        {"== a.yaml\ninclude:\n  - none.yaml\n  - {}\n  - [x]\n  - {path: [{}]}\n  - ''\n"
         "  - {path: b.yaml, env_file: none}\nservices: {}\n== b.yaml\nservices: {}\n",
         "", "-f a.yaml", "shop", "{}",
         "a.yaml:2: include: none.yaml: No such file or directory\n"
         "a.yaml:3: include: must name a file, or have the key path\n"
         "a.yaml:4: include: must name a file, or have the key path\n"
         "a.yaml:5: include: must name a file, or have the key path\n"
         "a.yaml:6: include: must name a file, or have the key path\n"
         "a.yaml:7: include: none: No such file or directory\n"},
        {"== a.yaml\ninclude: b.yaml\nservices: {}\n", "", "-f a.yaml", "shop", "{}",
         "a.yaml:1: include: must be a list\n"},
        {"== a.yaml\ninclude:\n  - oci://example.org/x:1\n  - git@example.org:x.git\nservices: "
         "{}\n",
         "", "-f a.yaml", "shop", "{}",
         "a.yaml:2: include: oci://example.org/x:1: is on another machine: fetch it and name the "
         "file\n"
         "a.yaml:3: include: git@example.org:x.git: is on another machine: fetch it and name the "
         "file\n"},
        {"== a.yaml\ninclude: [{path: b.yaml, pth: x, x-y: z}]\nservices:\n"
         "  w: {extends: {service: v, fil: x}}\n  v: {env_file: [{path: e, requird: false}]}\n"
         "== b.yaml\nservices: {}\n== e\n",
         "", "-f a.yaml", "shop", "{w: {}, v: {}}",
         "a.yaml:1: include: pth: unknown key\n"
         "a.yaml:3: services.w.extends: fil: unknown key\n"
         "a.yaml:4: services.w.env_file: requird: unknown key\n"
         "a.yaml:4: services.v.env_file: requird: unknown key\n"}};
    worlds_check(worlds, COUNT_OF(worlds));
}

static void case_profiles(void)
{
    static const char files[] = "== a.yaml\nservices:\n  w: {user: w}\n"
                                "  d: {user: d, profiles: [debug, x]}\n"
                                "  e: {user: e, profiles: [y]}\n";
    static const char left_e[] =
        "a.yaml:4: note: services.e: left out: no profile of it is active (y)\n";
    const struct world worlds[] = {
        {files, "", "-f a.yaml", "shop", "{w: {user: w}}",
         "a.yaml:3: note: services.d: left out: no profile of it is active (debug, x)\n"
         "a.yaml:4: note: services.e: left out: no profile of it is active (y)\n"},
        {"== a.yaml\nservices: {d: {profiles: [p], user: $NONE}, dd: {user: $NONE}}\n", "",
         "-f a.yaml", "shop", "{dd: {user: }}",
         "a.yaml:1: services.dd.user: the variable NONE is not set\n"
         "a.yaml:1: note: services.d: left out: no profile of it is active (p)\n"
         "a.yaml:1: note: services.d.user: the variable NONE is not set\n"},
        {files, "COMPOSE_PROFILES=q, x", "-f a.yaml", "shop", "{w: {user: w}, d: {user: d}}",
         left_e},
        {files, "COMPOSE_PROFILES=y", "-f a.yaml -r x", "shop", "{w: {user: w}, d: {user: d}}",
         left_e},
        {files, "", "-f a.yaml -r *", "shop", "{w: {user: w}, d: {user: d}, e: {user: e}}", ""},
        {files, "COMPOSE_PROFILES=*", "-f a.yaml", "shop",
         "{w: {user: w}, d: {user: d}, e: {user: e}}", ""},
        {"== a.yaml\nservices: {w: {profiles: []}}\n", "", "-f a.yaml -r none", "shop", "{w: {}}",
         "-:0: note: profiles: no service has the profile none\n"},
        {"== a.yaml\nservices:\n  d: {profiles: [p]}\n  w: {depends_on: [d, nobody]}\n"
         "  v: {depends_on: {d: {required: false}, w: {}}}\n"
         "  u: {network_mode: 'service:d', links: ['d:x', w], volumes_from: ['d:ro', "
         "'container:q']}\n  t: {profiles: p}\n",
         "", "-f a.yaml", "shop",
         "{w: {depends_on: []}, v: {depends_on: {w: {}}}, u: {network_mode: 'service:d', "
         "links: ['d:x', w], volumes_from: ['d:ro', 'container:q']}, t: {}}",
         "a.yaml:3: services.w.depends_on: needs d, which is in no active profile\n"
         "a.yaml:3: services.w.depends_on: needs nobody, which is no service\n"
         "a.yaml:5: services.u.links: needs d, which is in no active profile\n"
         "a.yaml:5: services.u.volumes_from: needs d, which is in no active profile\n"
         "a.yaml:5: services.u.network_mode: needs d, which is in no active profile\n"
         "a.yaml:6: services.t.profiles: must be a list of names\n"
         "a.yaml:2: note: services.d: left out: no profile of it is active (p)\n"
         "a.yaml:4: note: services.v.depends_on: needs d, which is in no active profile; not "
         "required, so left out\n"}};
    worlds_check(worlds, COUNT_OF(worlds));
}

/* One run says all that is wrong with all files. */
static void case_faults(void)
{
    static const struct world worlds[] = {
        {"== a.yaml\nservices:\n  w: {user: $A, tty: $B}\n  w: {user: x}\nname: q\nname: r\n"
         "== b.yaml\nservices: [\n== c.yaml\n== d.yaml\n- x\n== e.yaml\nservices:\n\tw: x\n"
         "== g.yaml\na: 1\n---\nb: 1\n",
         "", "-f a.yaml -f b.yaml -f c.yaml -f d.yaml -f e.yaml -f none.yaml -f g.yaml", "q",
         "{w: {user: , tty: }}",
         "a.yaml:2: services.w.user: the variable A is not set\n"
         "a.yaml:2: services.w.tty: the variable B is not set\n"
         "a.yaml:3: w: the key stands here twice, first in line 2\n"
         "a.yaml:5: name: the key stands here twice, first in line 4\n"
         "b.yaml:2: -: did not find expected node content\n"
         "c.yaml:1: -: the file is empty\n"
         "d.yaml:1: -: a Compose file is a map\n"
         "e.yaml:2: -: a tab stands where YAML wants spaces\n"
         "g.yaml:3: -: more than one document in the file; make it a file of its own\n"
         "none.yaml:0: -: No such file or directory\n"}};
    worlds_check(worlds, COUNT_OF(worlds));
}

/* A file that cannot be read says so, and nothing of what it then lacks. */
static void case_unread(void)
{
    struct open_request request = {.files = {"a.yaml"}, .file_count = 1};
    struct findings *findings = findings_new();
    struct opened opened;
    world_begin("== a.yaml\nservices:\n\tw: x\n");
    CHECK_INT_EQ(open_project(&request, findings, &opened, NULL), 0);
    char *said = findings_show(findings);
    CHECK_STR_EQ(said, "a.yaml:2: -: a tab stands where YAML wants spaces\n");
    free(said);
    open_close(&opened);
    findings_free(findings);
    world_end();
}

/* Links, folders, pipes and big files in a file's place. */
static void case_disk(void)
{
    static const char *const wanted[] = {
        "gone:0: -: is a link to a file that is not there", "dir:0: -: is a folder, not a file",
        "pipe:0: -: is no regular file", "big:0: -: is longer than 1048576 bytes"};
    static const char *const files[] = {"a.yaml", "gone", "dir", "pipe", "big", "link", "out"};
    struct project_request request = {
        .files = files, .file_count = COUNT_OF(files), .env = env_find};
    struct findings *findings = findings_new();
    struct project *project = NULL;
    world_begin("== a.yaml\nservices: {w: {user: a}}\n== real/b.yaml\nservices: {w: {tty: true}}\n"
                "== ../o.yaml\nservices: {w: {user: o}}\n");
    FILE *big = fopen("big", "we");
    CHECK(symlink("nowhere", "gone") == 0 && mkdir("dir", 0755) == 0 && mkfifo("pipe", 0600) == 0 &&
          symlink("real/b.yaml", "link") == 0 && symlink("../o.yaml", "out") == 0 &&
          ftruncate(fileno(big), 1048577) == 0);
    (void)fclose(big);
    CHECK_INT_EQ(project_load(&request, findings, &project, NULL), 0);
    char *shown = tree_show(yaml_tree_member(project->root, "services"));
    char *said = findings_show(findings);
    CHECK_STR_EQ(shown, "{w: {user: o, tty: true}}");
    CHECK_INT_EQ(findings_count(findings, FINDING_NOTE), 1);
    CHECK_CONTAINS(said, "out: is a link to /tmp/berth-project-");
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        CHECK_CONTAINS(said, wanted[i]);
    }
    CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), COUNT_OF(wanted));
    free(shown);
    free(said);
    project_free(project);
    findings_free(findings);
    world_end();
}

/* A relative path starts in the folder of the file it stands in, wherever the tree ends up. */
static void case_paths(void)
{
    static const char *const files[] = {"a.yaml"};
    static const struct {
        const char *path, *text, *want;
    } rows[] = {
        {"services.w.build", "./x", "/shop/x"},  {"services.w.volumes[0]", "../y/./z", "/y/z"},
        {"services.w.working_dir", "~/k", NULL}, {"services.v.build", "./x", "/shop/d/x"},
        {"services.u.build", "x", "/shop/e/x"},  {"services.u.volumes[0]", "/abs/../o", NULL}};
    struct project_request request = {
        .files = files, .file_count = 1, .env = env_find, .ctx = (void *)"HOME=/home/me"};
    struct findings *findings = findings_new();
    struct project *project = NULL;
    world_begin("== a.yaml\ninclude: [{path: d/c.yaml, project_directory: e}]\nservices:\n"
                "  w: {build: ./x, volumes: ['../y/./z'], working_dir: '~/k'}\n"
                "  v: {extends: {file: d/b.yaml, service: v}}\n"
                "== d/b.yaml\nservices: {v: {build: ./x}}\n"
                "== d/c.yaml\nservices: {u: {build: x, volumes: [/abs/../o]}}\n");
    CHECK_INT_EQ(project_load(&request, findings, &project, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct yaml_item *item = yaml_tree_find(project->root, rows[i].path);
        char *path = project_path(&request, item, rows[i].text);
        CHECK_STR_EQ(item->text, rows[i].text);
        if (rows[i].want != NULL) {
            CHECK(strncmp(path, folder, strlen(folder)) == 0);
            CHECK_STR_EQ(path + strlen(folder), rows[i].want);
        }
        CHECK(rows[i].text[0] != '~' || strcmp(path, "/home/me/k") == 0);
        CHECK(strncmp(rows[i].text, "/abs", 4) != 0 || strcmp(path, "/o") == 0);
        free(path);
    }
    CHECK(project_path_is_relative("./x") && project_path_is_relative("..") &&
          project_path_is_relative("../x") && project_path_is_relative("."));
    CHECK(!project_path_is_relative("x") && !project_path_is_relative("/x") &&
          !project_path_is_relative(".x") && !project_path_is_relative("..x/y"));
    project_free(project);
    findings_free(findings);
    world_end();
}

static int files_load(const char *files, struct findings *findings, struct err *err)
{
    static const char *const names[] = {"a.yaml"};
    struct project_request request = {.files = names, .file_count = 1, .env = env_find};
    struct project *project = NULL;
    world_begin(files);
    int rc = project_load(&request, findings, &project, err);
    project_free(project);
    world_end();
    return rc;
}

/* Chains as long as is allowed, and one more. */
static void case_chains(void)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct findings *findings = findings_new();
        char text[8192] = "== a.yaml\nservices:\n";
        for (size_t i = 0; i <= PROJECT_DEPTH_MAX + extra; i++) {
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof text - len,
                           i < PROJECT_DEPTH_MAX + extra ? "  s%zu: {extends: s%zu}\n"
                                                         : "  s%zu: {user: a}\n",
                           i, i + 1);
        }
        CHECK_INT_EQ(files_load(text, findings, NULL), 0);
        CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), extra);
        CHECK(extra == 0 ||
              strstr(findings_at(findings, 0)->text, "more than 16 services") != NULL);
        findings_free(findings);
        findings = findings_new();
        (void)strcpy(text, "== a.yaml\ninclude: [1.yaml]\n");
        for (size_t i = 1; i <= PROJECT_DEPTH_MAX + extra; i++) {
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof text - len,
                           i < PROJECT_DEPTH_MAX + extra ? "== %zu.yaml\ninclude: [%zu.yaml]\n"
                                                         : "== %zu.yaml\nservices: {w: {}}\n",
                           i, i + 1);
        }
        CHECK_INT_EQ(files_load(text, findings, NULL), 0);
        CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), extra);
        CHECK(extra == 0 || strstr(findings_at(findings, 0)->text, "more than 16 files") != NULL);
        findings_free(findings);
    }
}

/* What grows without end by extending is stopped, as are variables in variables. */
static void case_growth(void)
{
    struct findings *findings = findings_new();
    struct err err = {0};
    char *text = malloc(400000);
    (void)strcpy(text, "== a.yaml\nservices:\n  b:\n    x-l: [");
    for (size_t i = 0; i < 9000; i++) {
        (void)strcat(text + i * 2, "x,");
    }
    (void)strcat(text, "]\n");
    for (size_t i = 0; i < 12; i++) {
        (void)sprintf(text + strlen(text), "  s%zu: {extends: b}\n", i);
    }
    CHECK_INT_EQ(files_load(text, findings, &err), ERR_OVERSIZE);
    CHECK_CONTAINS(err.text, "more than 100000 values");
    (void)strcpy(text, "== .env\nA=");
    memset(text + strlen(text), 'x', 100000);
    (void)strcpy(text + 11 + 100000 - 1, "\n== a.yaml\nx-l:\n");
    for (size_t i = 0; i < 90; i++) {
        (void)strcat(text, " - $A\n");
    }
    CHECK_INT_EQ(files_load(text, findings, &err), ERR_OVERSIZE);
    CHECK_CONTAINS(err.text, "longer than");
    free(text);
    findings_free(findings);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"found", case_found},       {"name", case_name},       {"environment", case_environment},
        {"configs", case_configs},   {"extends", case_extends}, {"include", case_include},
        {"profiles", case_profiles}, {"faults", case_faults},   {"unread", case_unread},
        {"disk", case_disk},         {"paths", case_paths},     {"chains", case_chains},
        {"growth", case_growth}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
