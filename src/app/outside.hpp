// What lies outside of this process and can be replaced as a whole: the fault runs (tests/chaos) put servers of their own
// there. Empty members mean what the configuration says.
#pragma once

#include "config/config.hpp"
#include "groom/groomer.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <memory>

namespace groomer::app {

struct Outside {
    std::function<std::unique_ptr<tracker::Tracker>(config::Repository const&)> tracker;
    groom::Model model;
};

}  // namespace groomer::app
