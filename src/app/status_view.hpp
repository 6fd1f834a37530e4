// What the status page shows of a replica's configuration.
#pragma once

#include "api/status.hpp"
#include "app/service.hpp"

namespace groomer::app {

// As it is now.
api::StatusView status_view(Service const& service);
api::LockView lock_view(Service const& service);  // of grooming

// The limits of a day, each with the repositories that it is for: all are held against what the whole installation has spent. By unit, the
// lowest first. Pure.
std::vector<api::BudgetLimit> budgets_of(config::Config const& config);

// Where people look at what an API is about: https://github.com for https://api.github.com, https://HOST for https://HOST/api/v3. Pure.
std::string web_address(std::string_view api_url);

}  // namespace groomer::app
