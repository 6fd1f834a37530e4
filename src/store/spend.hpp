// What paid models were asked, and what it cost: kept in the database, so that a budget holds whoever works.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

struct Spend {
    std::int64_t tokens = 0;
    double usd = 0;
};

// Since midnight, UTC, by the database's clock, of the whole installation; requests under way count with the most they can cost.
Task<Spend> spent_today(Store& store);

// What the last requests to a model came to, and of how many issues they were.
struct Spent {
    std::int64_t issues = 0;
    Spend spend;
};
Task<Spent> spent_lately(Store& store, std::string provider, std::string model);

// How many issues are due in these sources, and of that repository where one is named; but for those of `besides` (o/r#1).
Task<std::int64_t> left_to_judge(Store& store, std::vector<std::string> sources, std::optional<std::string> repo,
                                 std::vector<std::string> besides);

struct ModelCall {
    std::int64_t issue = 0;
    std::string revision, version;  // under which the answer will be kept
    std::string provider, model;
    std::int64_t input_tokens = 0, output_tokens = 0;  // at most
    double usd = 0;
    std::optional<double> usd_per_issue;  // the most that the issue may cost in its life
    bool again = false;                   // also where a holder that died may have been answered
};

struct Reservation {
    std::optional<std::int64_t> call;  // nothing: it may not be sent
    bool asked_before = false;         // since a holder that died had sent it; else it would cost too much
};

// Stores a request before it is sent.
Task<Reservation> reserve_call(Store& store, lock::Hold& hold, ModelCall call);

struct CallEnd {
    std::int64_t input_tokens = 0, output_tokens = 0;
    double usd = 0;
    std::string flaw = {};    // why its answer was of no use
    std::string answer = {};  // then
    // What is to be kept as the decision under the call's issue, revision and version, in the same statement; it replaces another only
    // where the call was made again, or where it says so.
    std::optional<std::string> decision = {};
    bool replaces = false;
};

// Stores what it did cost.
Task<> settle_call(Store& store, lock::Hold& hold, std::int64_t call, ModelCall const& what, CallEnd end);
// It was not worked on.
Task<> drop_call(Store& store, lock::Hold& hold, std::int64_t call);

}  // namespace groomer::store
