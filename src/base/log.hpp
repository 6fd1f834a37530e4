// Structured log: one JSON object a line on stderr, or text where a person looks.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

namespace groomer {

enum class LogLevel { debug, info, warning, error };

// A field of a log line; fixed names: component, lock, term, repo, issue, run, duration_s, and what a message needs.
struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    LogField(std::string_view n, std::string_view v) : name{n}, value{v} {}
    LogField(std::string_view n, std::string const& v) : name{n}, value{std::string_view{v}} {}
    LogField(std::string_view n, char const* v) : name{n}, value{std::string_view{v}} {}
    LogField(std::string_view n, bool v) : name{n}, value{v} {}
    LogField(std::string_view n, double v) : name{n}, value{v} {}
    template <class Integer>
    requires std::is_integral_v<Integer> LogField(std::string_view n, Integer v) : name{n}, value{static_cast<std::int64_t>(v)} {}
};

// Callable from any thread; a line is written whole.
class Log {
public:
    enum class Format { json, text };
    using Fields = std::initializer_list<LogField>;

    Log(std::ostream& out, LogLevel level, Format format) : out_{out}, level_{level}, format_{format} {}

    void debug(std::string_view message, Fields fields = {}) { write(LogLevel::debug, message, fields); }
    void info(std::string_view message, Fields fields = {}) { write(LogLevel::info, message, fields); }
    void warning(std::string_view message, Fields fields = {}) { write(LogLevel::warning, message, fields); }
    void error(std::string_view message, Fields fields = {}) { write(LogLevel::error, message, fields); }
    // As info, and written at every level: for what must be on record.
    void record(std::string_view message, Fields fields = {});
    void set(LogLevel level, Format format);

private:
    void write(LogLevel level, std::string_view message, Fields fields);
    void put(LogLevel level, std::string_view message, Fields fields);  // under the mutex

    std::mutex mutex_;  // protects all below
    std::ostream& out_;
    LogLevel level_;
    Format format_;
};

}  // namespace groomer
