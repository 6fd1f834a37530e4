// What the status page shows, and the history of runs, as the database tells it: JSON texts, so that what is only shown has no second form
// here. docs/openapi.json says what their members are.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace groomer::store {

// Where issues can be looked at by people.
struct Links {
    std::string base;     // https://github.com
    std::string sources;  // those that are there: a JSON array of names
};

struct Recent {
    std::string paused;                             // an object
    std::string schedule;                           // {"groom":moment|null,"sync":…}: when the next tick is due
    std::string holds, ticks, decisions, replicas;  // arrays, the newest first; of replicas, by name
};
// Cheap enough for every second.
Task<Recent> recent(Store& store, std::string groom_lock, std::string sync_lock, Links links);

struct Counts {
    std::string backlog, day, overrides;  // arrays
};
// Counts every open issue and every run of the last day: some seconds with a million of them. families: a JSON array of
// {"source","family","labels"}, the labels in lower case.
Task<Counts> counts(Store& store, std::string families);

struct RunFilter {
    std::optional<std::string> repo, outcome;
    std::optional<std::int64_t> issue, before;
    std::int64_t limit = 50;
};
// What runs() asks; its parameters: repo, issue, outcome, before, how many, and Links' sources and base.
extern pg::Statement const runs_statement;
// An array, the newest first; one more than `limit` where there are more.
Task<std::string> runs(Store& store, RunFilter filter, Links links);
// An object, or nothing where there is no such run.
Task<std::optional<std::string>> run(Store& store, std::int64_t id, Links links);

}  // namespace groomer::store
