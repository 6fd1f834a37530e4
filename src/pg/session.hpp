// A connection to PostgreSQL, and statements on it. libpqxx stays behind this folder. All calls block: run them on a
// pool thread (pool.hpp). Every statement is one message to the server: its settings and itself are one implicit
// transaction, so that no stopped client leaves a transaction open and no pooler is left with our settings.
#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace groomer::pg {

struct ConnectOptions {
    std::string url;               // libpq URI or key=value list, several hosts allowed
    std::string password;          // used where the url has none
    std::string application_name;  // cut to 63 bytes
};

// What went wrong in the database. `broken`: the connection is useless and was closed.
class DatabaseError : public Error {
public:
    DatabaseError(std::string const& sentence, std::string sqlstate, bool broken)
        : Error{ErrorCode::database, sentence}, sqlstate_{std::move(sqlstate)}, broken_{broken} {}
    [[nodiscard]] std::string const& sqlstate() const { return sqlstate_; }
    [[nodiscard]] bool broken() const { return broken_; }
    // Lock not available, statement cancelled by its time limit, deadlock or serialization failure: nothing was written.
    [[nodiscard]] bool lost_race() const;

private:
    std::string sqlstate_;
    bool broken_;
};

// A parameter as the server reads it: text, or null.
class Value {
public:
    Value(std::nullopt_t) {}
    Value(std::string text) : text_{std::move(text)} {}
    Value(std::string_view text) : text_{text} {}
    Value(char const* text) : text_{text} {}
    Value(bool value) : text_{value ? "true" : "false"} {}
    Value(double value);
    template <class Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>) Value(Integer value) : text_{std::to_string(value)} {}
    Value(std::chrono::milliseconds duration) : text_{std::to_string(duration.count()) + " ms"} {}  // an interval
    template <class T>
    Value(std::optional<T> const& value) {
        if (value) *this = Value{*value};
    }
    [[nodiscard]] std::optional<std::string> const& text() const { return text_; }

private:
    std::optional<std::string> text_;
};
using Values = std::vector<Value>;

// As a time limit: the statement sets its own, and is sent alone.
inline constexpr std::chrono::milliseconds bounds_itself{0};

// A statement: its name is the metric's label, `$1`… are its parameters (everywhere in the text: none may stand inside a
// string literal).
struct Statement {
    std::string_view name;
    std::string_view sql;
    std::chrono::milliseconds time_limit{5000};
    bool brief = false;  // small both ways: waited for on the caller's executor, not on a thread
};

class Row {
public:
    explicit Row(std::vector<std::optional<std::string>> fields) : fields_{std::move(fields)} {}
    [[nodiscard]] bool null(std::size_t column) const { return !fields_.at(column); }
    [[nodiscard]] std::string text(std::size_t column) const { return fields_.at(column).value_or(""); }
    [[nodiscard]] std::optional<std::string> maybe(std::size_t column) const { return fields_.at(column); }
    [[nodiscard]] std::int64_t integer(std::size_t column) const;  // 0 for null
    [[nodiscard]] double number(std::size_t column) const;         // 0 for null
    [[nodiscard]] bool truth(std::size_t column) const { return text(column) == "t"; }

private:
    std::vector<std::optional<std::string>> fields_;
};
using Rows = std::vector<Row>;

class Session {
public:
    // Connects; throws DatabaseError (broken).
    explicit Session(ConnectOptions const& options);
    ~Session();
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    // Runs one statement; throws DatabaseError. After a broken one the session is of no more use.
    Rows run(Statement const& statement, Values const& parameters);

    // Runs SQL texts inside one transaction of its own, in which `body` decides what is run; for migrations alone.
    class Transaction {
    public:
        virtual ~Transaction() = default;
        virtual Rows exec(std::string const& sql) = 0;
    };
    void transaction(std::function<void(Transaction&)> const& body);

    // LISTEN: waits on `descriptor()` until readable, then drains the payloads that came.
    void listen(std::string const& channel);
    [[nodiscard]] int descriptor() const;
    std::vector<std::string> notifications();

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

// `$n` replaced by quoted parameters; `quote` quotes one. Pure, for tests.
std::string bind_parameters(std::string_view sql, std::vector<std::string> const& quoted);

// The connection string that is used: the user's, with time limits and read-write sessions where he says nothing.
// Throws Error(config) for a string that libpq cannot read (its text is never part of the sentence).
std::string connection_string(ConnectOptions const& options);

}  // namespace groomer::pg
