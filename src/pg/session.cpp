#include "pg/session.hpp"

#include "pg/wire.hpp"

#include <libpq-fe.h>
#include <pqxx/pqxx>

#include <sys/socket.h>

#include <array>
#include <charconv>
#include <map>
#include <utility>

namespace groomer::pg {
namespace {

#if PQXX_VERSION_MAJOR < 7
using AnyConnection = pqxx::connection_base;
// libpqxx 6 would silently reconnect and run a statement in a session that is not the one it was meant for.
void never_reconnect(pqxx::connection& connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}
#else
using AnyConnection = pqxx::connection;
void never_reconnect(pqxx::connection&) {}
#endif

struct ConninfoDeleter {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string quote_conninfo(std::string_view value) {
    std::string out = "'";
    for (char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

// Limits that the lock's figures rest on; a user's own values stand.
std::map<std::string, std::string> const& defaults() {
    static std::map<std::string, std::string> const values{
        {"connect_timeout", "2"},     {"tcp_user_timeout", "2000"}, {"keepalives", "1"},         {"keepalives_idle", "2"},
        {"keepalives_interval", "1"}, {"keepalives_count", "2"},    {"client_encoding", "UTF8"}, {"target_session_attrs", "read-write"},
    };
    return values;
}

Rows to_rows(pqxx::result const& result) {
    Rows rows;
    rows.reserve(result.size());
    for (auto const& row : result) {
        std::vector<std::optional<std::string>> fields;
        fields.reserve(row.size());
        for (auto const& field : row) {
            if (field.is_null()) fields.emplace_back();
            else fields.emplace_back(std::in_place, field.c_str(), field.size());
        }
        rows.emplace_back(std::move(fields));
    }
    return rows;
}

// Runs `work` and turns what libpqxx throws into DatabaseError.
template <class F>
auto translated(std::string_view name, F work) {
    try {
        return work();
    } catch (pqxx::broken_connection const& e) {
        throw broken_connection(e.what());
    } catch (pqxx::deadlock_detected const& e) {  // libpqxx 6 drops the state of these two
        throw statement_error(name, e.what(), "40P01");
    } catch (pqxx::serialization_failure const& e) {
        throw statement_error(name, e.what(), "40001");
    } catch (pqxx::sql_error const& e) {
        throw statement_error(name, e.what(), e.sqlstate());
    } catch (pqxx::failure const& e) {
        throw broken_connection(e.what());
    } catch (std::invalid_argument const& e) {  // a parameter that libpqxx cannot quote: not valid UTF-8
        throw statement_error(name, e.what(), "22021");
    }
}

}  // namespace

bool DatabaseError::lost_race() const {
    return sqlstate_ == "55P03" || sqlstate_ == "57014" || sqlstate_ == "40P01" || sqlstate_ == "40001";
}

Value::Value(double value) {
    std::array<char, 64> buffer{};
    auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    text_ = std::string{buffer.data(), error == std::errc{} ? end : buffer.data()};
}

std::int64_t Row::integer(std::size_t column) const {
    auto const& field = fields_.at(column);
    return field ? std::stoll(*field) : 0;
}

double Row::number(std::size_t column) const {
    auto const& field = fields_.at(column);
    return field ? std::stod(*field) : 0;
}

std::string bind_parameters(std::string_view sql, std::vector<std::string> const& quoted) {
    std::string out;
    while (!sql.empty()) {
        auto const dollar = sql.find('$');
        out += sql.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        sql.remove_prefix(dollar + 1);
        std::size_t index = 0;
        auto [end, error] = std::from_chars(sql.data(), sql.data() + sql.size(), index);
        if (error != std::errc{} || index == 0 || index > quoted.size())
            throw Error{ErrorCode::failure, "a statement names a parameter that it is not given"};
        out += quoted[index - 1];
        sql.remove_prefix(static_cast<std::size_t>(end - sql.data()));
    }
    return out;
}

std::string connection_string(ConnectOptions const& options) {
    std::unique_ptr<PQconninfoOption, ConninfoDeleter> parsed{PQconninfoParse(options.url.c_str(), nullptr)};
    if (!parsed) throw Error{ErrorCode::config, "database.url is not a connection string that libpq can read"};
    std::map<std::string, std::string> values = defaults();
    for (auto* option = parsed.get(); option->keyword; ++option)
        if (option->val) values[option->keyword] = option->val;
    if (!options.password.empty()) values.try_emplace("password", options.password);
    values["application_name"] = options.application_name.substr(0, 63);
    std::string out;
    for (auto const& [key, value] : values) out.append(out.empty() ? "" : " ").append(key).append("=").append(quote_conninfo(value));
    return out;
}

struct Session::Connection {
    // A notice on stderr would break the log's form; notices say nothing that an error does not.
    struct Quiet : pqxx::errorhandler {
        explicit Quiet(AnyConnection& c) : pqxx::errorhandler{c} {}
        bool operator()(char const[]) noexcept override { return false; }
    };
    struct Receiver : pqxx::notification_receiver {
        Receiver(AnyConnection& c, std::string const& channel, std::vector<std::string>& out)
            : pqxx::notification_receiver{c, channel}, payloads{out} {}
        void operator()(std::string const& payload, int) override { payloads.push_back(payload); }
        std::vector<std::string>& payloads;
    };

    explicit Connection(std::string const& text) : pq{text}, quiet{pq} { never_reconnect(pq); }
    // libpqxx would say UNLISTEN, and wait for a server that may be frozen.
    ~Connection() {
        if (receiver) ::shutdown(pq.sock(), SHUT_RDWR);
    }
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    pqxx::connection pq;
    Quiet quiet;
    std::vector<std::string> payloads;
    std::unique_ptr<Receiver> receiver;
};

Session::Session(ConnectOptions const& options) {
    auto const text = connection_string(options);
    try {
        connection_ = std::make_unique<Connection>(text);
    } catch (pqxx::failure const& e) {
        auto const what = describe(std::make_exception_ptr(std::runtime_error{e.what()}));
        throw DatabaseError{"the database cannot be reached: " + what, "", true};
    }
}

Session::~Session() = default;

Rows Session::run(Statement const& statement, Values const& parameters) {
    return translated(statement.name, [&] {
        auto& pq = connection_->pq;
        std::vector<std::string> quoted;
        quoted.reserve(parameters.size());
        for (Value const& value : parameters) quoted.push_back(value.text() ? pq.quote(*value.text()) : "NULL");
        auto text = bind_parameters(statement.sql, quoted);
        if (statement.time_limit != bounds_itself) text = settings(statement.time_limit) + text;
        pqxx::nontransaction direct{pq};
        return to_rows(direct.exec(text));
    });
}

void Session::transaction(std::function<void(Transaction&)> const& body) {
    struct Work : Transaction {
        explicit Work(pqxx::connection& pq) : work{pq} {}
        Rows exec(std::string const& sql) override { return to_rows(work.exec(sql)); }
        pqxx::work work;
    };
    translated("migrate", [&] {
        Work work{connection_->pq};
        body(work);
        work.work.commit();
        return true;
    });
}

void Session::listen(std::string const& channel) {
    translated("listen", [&] {
        connection_->receiver = std::make_unique<Connection::Receiver>(connection_->pq, channel, connection_->payloads);
        return true;
    });
}

int Session::descriptor() const { return connection_->pq.sock(); }

std::vector<std::string> Session::notifications() {
    return translated("listen", [&] {
        connection_->pq.get_notifs();
        if (!connection_->pq.is_open()) throw pqxx::broken_connection{"the notification connection was closed"};
        return std::exchange(connection_->payloads, {});
    });
}

}  // namespace groomer::pg
