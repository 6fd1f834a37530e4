#include "api/endpoints.hpp"

namespace groomer::api {
namespace {

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

    {.method = "GET", .path = "/api/groomer/lock", .summary = "Who holds the lock of grooming.",
     .answer = "Lock", .errors = "503"},
};
// clang-format on

}  // namespace

std::span<Endpoint const> endpoints() { return table; }

}  // namespace groomer::api
