#include "fake_model/log.hpp"

#include <boost/json/serialize.hpp>

#include <stdexcept>
#include <utility>

namespace groomer::fake_model {

namespace json = boost::json;

json::object as_json(Entry const& entry, bool with_text) {
    json::object line{{"time", entry.time},
                      {"protocol", entry.protocol},
                      {"rung", entry.rung},
                      {"model", entry.model},
                      {"key_ok", entry.key_ok},
                      {"bytes", entry.bytes},
                      {"prompt_tokens", entry.prompt_tokens},
                      {"user_sha256", entry.user_sha256},
                      {"status", entry.status},
                      {"fault", entry.fault},
                      {"completion_tokens", entry.completion_tokens}};
    if (!with_text) return line;
    line["system"] = entry.system;
    line["user"] = entry.user;
    line["answer"] = entry.answer;
    return line;
}

void Log::log_to(std::string const& path) {
    file_.open(path, std::ios::app | std::ios::binary);
    if (!file_) throw std::runtime_error{path + " cannot be written"};
}

void Log::add(Entry entry) {
    if (!keep_text) entry.system = entry.user = entry.answer = "";
    if (file_.is_open()) file_ << json::serialize(as_json(entry, keep_text)) << '\n' << std::flush;
    entries_.push_back(std::move(entry));
}

}  // namespace groomer::fake_model
