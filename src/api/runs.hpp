// The history of what was decided: `GET /api/groomer/runs` and one run of it.
#pragma once

#include "net/http.hpp"
#include "store/status.hpp"

#include <functional>

namespace groomer::api {

// `links` is asked at each request. Both refer to `store`.
net::Handler runs_handler(store::Store& store, std::function<store::Links()> links);
net::Handler run_handler(store::Store& store, std::function<store::Links()> links);

}  // namespace groomer::api
