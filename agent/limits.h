/* limits: every bound of the core in one place, with the relations between them. */
#ifndef AGENT_LIMITS_H
#define AGENT_LIMITS_H

#include "platform/bus.h"
#include "platform/route.h"
#include "platform/store.h"

/* Apps on one node, services of one app (this version: one), replicas of one service. */
#define APPS_MAX     16
#define SERVICES_MAX 1
#define REPLICAS_MAX 16

/* Names, with the NUL (DESIGN section 5). */
#define NAME_BYTES      33
#define NODE_NAME_BYTES 64

/* Documents, in bytes. */
#define RELEASE_PAYLOAD_BYTES_MAX  49152
#define ENVELOPE_BYTES_MAX         73728
#define TRUST_BYTES_MAX            16384
#define CONFIG_BYTES_MAX           32768
#define ORDER_BYTES_MAX            4096
#define REPORT_BYTES_MAX           16384
#define STORY_BYTES_MAX            8192
#define SMALL_BYTES_MAX            4096 /* presence, labels, claims */
#define ROLLOUT_BYTES_MAX          16384 /* a rollout's spec, control and state, before signing */
#define JSON_DEPTH_MAX             16
#define JSON_VALUES_MAX            4096
#define ENVELOPE_SIGNATURES_MAX    8
#define TRUST_KEYS_MAX             16
#define REVOKED_MAX                64

/* Files that travel with a release: how many, of how many bytes in all, and in what pieces. Each
 * piece of a file but its last one is full. */
#define FILES_MAX            64
#define FILES_BYTES_MAX      1048576
#define FILE_PIECE_BYTES_MAX 65536
#define FILES_PIECES_MAX     (FILES_MAX + FILES_BYTES_MAX / FILE_PIECE_BYTES_MAX)
/* The path of one below the project's folder, with the NUL. */
#define FILE_NAME_BYTES 192
/* Pieces that an app asks for at a time. */
#define FILES_ASKED_MAX 8

/* Generations of one app that can exist beside each other: committed, previous, candidate, and one
 * whose remains are being removed. */
#define LANES 4
/* Containers of one app the planner looks at; more are a reason to report, not to act. */
#define OBSERVED_MAX 96
/* Releases remembered behind the committed one (images and payloads kept). */
#define HISTORY_MAX 3
/* Digests of releases found bad that are remembered for each app. */
#define QUARANTINE_MAX 2
/* Apps that are remembered after their end; the one that ended first gives way to another. */
#define ENDED_MAX 256
/* Tries for one release that end inconclusive before the node gives up. */
#define ATTEMPTS_DEFAULT 3
/* The boot of an unproven release that makes the node go back. */
#define UNPROVEN_BOOTS_MAX 3
/* Actions one planning step may ask for. */
#define ACTIONS_MAX 48
/* How far above what it has seen agents before 0.2 let an order's epoch be. */
#define EPOCH_JUMP_BEFORE 1000
/* A claim is not signed: one whose epoch is further above what is signed is somebody's nonsense.
 * Far more than any two clocks differ, and so little that 2^53 is out of reach by such steps. */
#define EPOCH_CLAIM_JUMP_MAX (UINT64_C(1) << 32)
/* An order whose startBy cannot be compared with a clock may begin this long after its receipt. */
#define START_BY_UPTIME_MS 900000
/* What a technician asked for may begin this long after, where the site keeps it from beginning. */
#define LOCAL_START_BY_MS 86400000
/* Events that are kept. */
#define EVENTS_MAX 128
/* The text of one; a longer one is shortened in its middle. */
#define EVENT_TEXT_BYTES 400

_Static_assert(SERVICES_MAX * REPLICAS_MAX * LANES <= OBSERVED_MAX, "all lanes can be observed");
_Static_assert(APPS_MAX * SERVICES_MAX * REPLICAS_MAX * LANES <= ENGINE_CONTAINERS_MAX,
               "all generations of all apps are listed");
_Static_assert(2 * APPS_MAX * SERVICES_MAX <= ROUTE_SERVICES_MAX, "every service has a route");
_Static_assert(2 * REPLICAS_MAX <= ROUTE_BACKENDS_MAX, "both sets of replicas can be routed");
_Static_assert(ENVELOPE_BYTES_MAX <= STORE_BLOB_BYTES_MAX, "an envelope is stored as one blob");
_Static_assert(APPS_MAX * (HISTORY_MAX + 2) + 2 <= STORE_BLOBS_MAX, "every payload has a place");

_Static_assert(ENVELOPE_BYTES_MAX <= BUS_PAYLOAD_BYTES_MAX, "an envelope travels as one message");
_Static_assert(FILE_PIECE_BYTES_MAX <= BUS_PAYLOAD_BYTES_MAX, "a piece travels as one message");

#endif
