// What paid models were asked, and what it cost: kept in the database, so that a budget holds whoever works.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace groomer::store {

struct Spend {
    std::int64_t tokens = 0;
    double usd = 0;
};

// Since midnight, UTC, by the database's clock, of the whole installation; requests under way count with the most they can cost.
Task<Spend> spent_today(Store& store);

struct ModelCall {
    std::int64_t issue = 0;
    std::string provider, model;
    std::int64_t input_tokens = 0, output_tokens = 0;
    double usd = 0;
};

// Stores a request before it is sent. Nothing where the issue would then have cost more than `usd_per_issue` in its life.
Task<std::optional<std::int64_t>> reserve_call(Store& store, lock::Hold& hold, ModelCall most, std::optional<double> usd_per_issue);

struct CallEnd {
    std::int64_t input_tokens = 0, output_tokens = 0;
    double usd = 0;
    std::string flaw = {};    // why its answer was of no use
    std::string answer = {};  // then
};

// Stores what it did cost.
Task<> settle_call(Store& store, lock::Hold& hold, std::int64_t call, CallEnd end);

}  // namespace groomer::store
