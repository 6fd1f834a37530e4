// What groomer says on an issue: the labels that it suggests, and what the reporter has to add. Markdown, in which nothing notifies,
// refers or links. Pure.
#pragma once

#include "config/config.hpp"
#include "groom/plan.hpp"
#include "model/judgement.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace groomer::groom {

// Of the comments.
inline constexpr std::string_view suggestion_name = "suggestion", notice_name = "notice";

// The changes of a plan that has some: each family's with its reason, how certain it is, and a command that makes it.
std::string suggestion(tracker::IssueRef const& ref, Plan const& plan, model::Judgement const& judgement, config::Policy const& policy);

// What it is replaced by once there is nothing to suggest.
std::string settled_suggestion();

// Of a judgement that has gaps. Its texts are harmless already. closes: says that the issue is closed after the grace (remarks.hpp).
std::string request_for_gaps(model::Judgement const& judgement, bool closes);
// That the issue is closed after the grace, since this pull request is merged.
std::string done_notice(std::int64_t pull, bool closes);
// What either is replaced by once it does not hold any more.
std::string settled_notice();

}  // namespace groomer::groom
