// GitHub's JSON of what the state holds.
#pragma once

#include "fake_github/state.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>

namespace groomer::fake_github {

std::string repository_url(State const& state, Repository const& repository);  // by name
boost::json::object repository_json(State const& state, Repository const& repository, Right right);
boost::json::object user_json(State const& state, User const& user);
boost::json::object label_json(State const& state, Repository const& repository, Label const& label);
boost::json::array labels_json(State const& state, Repository const& repository, Issue const& issue);
boost::json::object issue_json(State const& state, Repository const& repository, Issue const& issue);
boost::json::object comment_json(State const& state, Repository const& repository, Issue const& issue, Comment const& comment);
boost::json::object event_json(State const& state, Repository const& repository, Issue const& issue, Event const& event);
// Events and comments by time, as /timeline mixes them.
boost::json::object timeline_comment_json(State const& state, Repository const& repository, Issue const& issue, Comment const& comment);
boost::json::object app_json(State const& state, App const& app);

}  // namespace groomer::fake_github
