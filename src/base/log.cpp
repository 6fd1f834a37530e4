#include "base/log.hpp"

#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <ostream>

namespace groomer {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

std::string json_line(std::string const& time, std::string_view level, std::string_view message, Log::Fields fields) {
    boost::json::object line{{"ts", time}, {"level", level}, {"msg", clean_text(message)}};
    for (LogField const& field : fields) {
        auto set = [&](auto value) {
            if constexpr (std::is_same_v<decltype(value), std::string_view>) line[field.name] = clean_text(value);
            else if constexpr (std::is_same_v<decltype(value), double>)
                line[field.name] = std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
            else line[field.name] = value;
        };
        std::visit(set, field.value);
    }
    return boost::json::serialize(line) + '\n';
}

// One line, whatever a stranger put into it.
std::string one_line(std::string_view text) {
    auto out = clean_text(text);
    for (char& c : out)
        if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    return out;
}

std::string text_line(std::string const& time, std::string_view level, std::string_view message, Log::Fields fields) {
    std::string line = time + ' ' + std::string{level} + ' ' + one_line(message);
    for (LogField const& field : fields) {
        auto show = [](auto value) -> std::string {
            using Value = decltype(value);
            if constexpr (std::is_same_v<Value, std::string_view>) return one_line(value);
            else if constexpr (std::is_same_v<Value, bool>) return value ? "true" : "false";
            else return std::to_string(value);
        };
        line.append(" ").append(field.name).append("=").append(std::visit(show, field.value));
    }
    return line + '\n';
}

}  // namespace

void Log::set(LogLevel level, Format format) {
    std::lock_guard guard{mutex_};
    level_ = level;
    format_ = format;
}

void Log::record(std::string_view message, Fields fields) {
    std::lock_guard guard{mutex_};
    put(LogLevel::info, message, fields);
}

void Log::write(LogLevel level, std::string_view message, Fields fields) {
    std::lock_guard guard{mutex_};
    if (level >= level_) put(level, message, fields);
}

void Log::put(LogLevel level, std::string_view message, Fields fields) {
    auto time = format_time(std::chrono::system_clock::now());
    auto name = level_names[static_cast<std::size_t>(level)];
    out_ << (format_ == Format::json ? json_line(time, name, message, fields) : text_line(time, name, message, fields));
    out_.flush();
}

}  // namespace groomer
