#include "api/endpoints.hpp"

#include "api/requests.hpp"
#include "api/webhook.hpp"

namespace groomer::api {
namespace {

constexpr Parameter runs_query[] = {
    {"repo", R"({"type":"string"})", "Runs of this repository alone; upper and lower case are the same."},
    {"issue", R"({"type":"integer","minimum":1})", "Runs of the issue with this number; needs `repo`."},
    {"outcome", R"({"type":"string"})", "Runs that ended so: `applied`, `planned`, `noop`, `abstained`, …"},
    {"limit", R"({"type":"integer","minimum":1,"maximum":200,"default":50})", "How many at most."},
    {"before", R"({"type":"integer","minimum":1})", "Runs older than the one with this id: `before` of the last answer."},
};

constexpr Parameter lock_query[] = {
    {"lock", R"({"type":"string"})", "This lock instead: `global`, that of the sync, or the one of grooming by its id."},
};

// clang-format off
constexpr Endpoint table[] = {
    {.method = "GET", .path = "/healthz", .summary = "Do the event loops turn?",
     .answer = "Ok", .errors = "503", .routine = true},
    {.method = "GET", .path = "/readyz", .summary = "Is it configured, and was the database reachable within 60 s? Also true of standbys.",
     .answer = "Ok", .errors = "503", .routine = true},
    {.method = "GET", .path = "/startupz", .summary = "Is the schema in place?",
     .answer = "Ok", .errors = "503", .routine = true},

    {.method = "GET", .path = "/", .summary = "The status page.", .content_type = "text/html; charset=utf-8"},
    {.method = "GET", .path = "/api/openapi.json", .summary = "This document.", .answer = "Document"},

    {.method = "GET", .path = "/api/status", .auth = Auth::page, .summary = "What the status page shows.",
     .answer = "Status", .errors = "503"},
    {.method = "GET", .path = "/api/events", .auth = Auth::page,
     .summary = "The status as server-sent events: `event: status`, with the object of /api/status in one line, now and whenever it changes.",
     .content_type = "text/event-stream", .errors = "503"},

    {.method = "GET", .path = "/api/groomer/lock", .summary = "Who holds the lock of grooming, or that of the sync.",
     .query = lock_query, .answer = "Lock", .errors = "400 503"},
    {.method = "GET", .path = "/api/groomer/runs", .auth = Auth::bearer, .summary = "What was decided, the newest first.",
     .query = runs_query, .answer = "Runs", .errors = "400 503"},
    {.method = "GET", .path = "/api/groomer/runs/{id}", .auth = Auth::bearer, .summary = "One run, whole.",
     .answer = "RunDetail", .errors = "404 503"},

    {.method = "POST", .path = "/api/groomer/run", .auth = Auth::bearer,
     .summary = "Grooms now: one issue, or one batch. 409 where somebody works already or groomer is paused.",
     .body = "RunRequest", .answer = "RunAnswer", .errors = "404 409:LockHeld 429 503", .told = told_of_run},
    {.method = "POST", .path = "/api/groomer/pause", .auth = Auth::bearer,
     .summary = "Stops all replicas before their next issue, until resumed.",
     .body = "PauseRequest", .answer = "Paused", .errors = "503", .max_body = 4096, .told = told_of_pause},
    {.method = "POST", .path = "/api/groomer/resume", .auth = Auth::bearer,
     .summary = "Lets all replicas go on.",
     .body = "PauseRequest", .answer = "Paused", .errors = "503", .max_body = 4096, .told = told_of_pause},

    {.method = "POST", .path = "/api/github/webhook", .auth = Auth::hmac,
     .summary = "Takes an event from GitHub, signed in X-Hub-Signature-256.",
     .body = "Webhook", .status = 202, .answer = "Taken", .errors = "503", .max_body = most_webhook_bytes},
};
// clang-format on

}  // namespace

std::span<Endpoint const> endpoints() { return table; }

}  // namespace groomer::api
