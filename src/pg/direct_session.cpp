#include "pg/direct_session.hpp"

#include "base/text.hpp"
#include "pg/wire.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

namespace groomer::pg {

// What came of a statement: rows, an error of the server, or a broken connection.
struct DirectSession::Reply {
    Rows rows;
    std::string error, sqlstate;
    bool broken = false;
};

namespace {

Rows to_rows(PGresult const* result) {
    Rows rows;
    int const count = PQntuples(result), columns = PQnfields(result);
    rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        std::vector<std::optional<std::string>> fields;
        fields.reserve(static_cast<std::size_t>(columns));
        for (int k = 0; k < columns; ++k) {
            if (PQgetisnull(result, i, k)) fields.emplace_back();
            else fields.emplace_back(std::in_place, PQgetvalue(result, i, k), static_cast<std::size_t>(PQgetlength(result, i, k)));
        }
        rows.emplace_back(std::move(fields));
    }
    return rows;
}

// The prepared statement is gone or another one, or what it returns is no more what it was: nothing was done. The text still works.
bool is_unprepared(std::string_view sqlstate) { return sqlstate == "26000" || sqlstate == "42P05" || sqlstate == "0A000"; }

}  // namespace

// One message and the way back. It lives until its last handler has run, and calls `done` once, from the executor.
class DirectSession::Exchange : public std::enable_shared_from_this<Exchange> {
public:
    Exchange(PGconn* connection, asio::any_io_executor executor, std::function<void(Reply)> done)
        : connection_{connection}, socket_{executor}, timer_{executor}, done_{std::move(done)} {}

    // What is needed to wait is made when the message is on its way: the server works meanwhile.
    void start(Send const& send, std::chrono::milliseconds limit) {
        bool const sent = send(connection_) == 1;
        int const own = sent ? ::dup(PQsocket(connection_)) : -1;
        timer_.expires_after(limit);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (!error) self->fail("the server does not answer");
        });
        if (own >= 0) {
            socket_.assign(own);
            return go_on();
        }
        asio::post(timer_.get_executor(), [self = shared_from_this(), sent] {
            self->fail(sent ? "no file descriptor is left to wait with" : PQerrorMessage(self->connection_));
        });
    }

private:
    using Socket = asio::posix::stream_descriptor;

    // Waits until the socket can take the rest of the message, or has some of the answer.
    void go_on() {
        bool const unsent = PQflush(connection_) != 0;  // an error shows when the answer is read
        socket_.async_wait(unsent ? Socket::wait_write : Socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
            if (self->done_ && !error) self->read();
        });
    }

    void read() {
        if (PQconsumeInput(connection_) == 0) return fail(PQerrorMessage(connection_));
        while (PQisBusy(connection_) == 0) {
            std::unique_ptr<PGresult, void (*)(PGresult*)> const result{PQgetResult(connection_), PQclear};
            if (!result) return finish();
            take(result.get());
        }
        go_on();
    }

    // Of several results, as settings give one too, the last counts; an error is the last.
    void take(PGresult const* result) {
        auto const status = PQresultStatus(result);
        if (status == PGRES_TUPLES_OK) reply_.rows = to_rows(result);
        else if (status == PGRES_COMMAND_OK) reply_.rows.clear();
        else {
            auto const* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            reply_.error = PQresultErrorMessage(result);
            reply_.sqlstate = state ? state : "";
        }
    }

    void fail(char const* what) {
        reply_.error = what;
        reply_.broken = true;
        finish();
    }

    void finish() {
        auto done = std::exchange(done_, {});
        if (!done) return;
        timer_.cancel();
        reply_.broken = reply_.broken || PQstatus(connection_) != CONNECTION_OK;
        done(std::move(reply_));
        socket_.close();  // when the next message is on its way
    }

    PGconn* connection_;
    Socket socket_;  // a duplicate, which is closed here
    asio::steady_timer timer_;
    std::function<void(Reply)> done_;
    Reply reply_;
};

DirectSession::DirectSession(ConnectOptions const& options) : connection_{PQconnectdb(connection_string(options).c_str())} {
    // A notice on stderr would break the log's form.
    PQsetNoticeProcessor(
        connection_, [](void*, char const*) {}, nullptr);
    if (PQstatus(connection_) == CONNECTION_OK && PQsetnonblocking(connection_, 1) == 0) return;
    auto const error = DatabaseError{"the database cannot be reached: " + one_line(PQerrorMessage(connection_), 500), "", true};
    PQfinish(connection_);
    throw error;
}

DirectSession::~DirectSession() { PQfinish(connection_); }

std::string DirectSession::message(Statement const& statement, Values const& parameters) const {
    std::vector<std::string> quoted;
    quoted.reserve(parameters.size());
    for (Value const& value : parameters) {
        if (!value.text()) {
            quoted.emplace_back("NULL");
            continue;
        }
        std::unique_ptr<char, void (*)(void*)> const literal{PQescapeLiteral(connection_, value.text()->data(), value.text()->size()),
                                                             PQfreemem};
        if (!literal) throw statement_error(statement.name, PQerrorMessage(connection_), "22021");
        quoted.emplace_back(literal.get());
    }
    auto text = bind_parameters(statement.sql, quoted);
    return statement.time_limit == bounds_itself ? text : settings(statement.time_limit) + text;
}

Task<DirectSession::Reply> DirectSession::exchange(Send send, BootTime::time_point until) {
    auto const limit = std::max(std::chrono::ceil<std::chrono::milliseconds>(until - BootTime::now()), std::chrono::milliseconds{1});
    auto initiate = [connection = connection_, limit](auto handler, Send const& sent) {
        asio::any_io_executor const executor = asio::get_associated_executor(handler);
        auto const kept = std::make_shared<decltype(handler)>(std::move(handler));
        auto done = [kept](Reply reply) { std::move (*kept)(std::move(reply)); };
        std::make_shared<Exchange>(connection, executor, std::move(done))->start(sent, limit);
    };
    auto reply = co_await asio::async_initiate<decltype(asio::use_awaitable), void(Reply)>(initiate, asio::use_awaitable, send);
    if (reply.broken) throw broken_connection(reply.error);
    co_return reply;
}

Task<DirectSession::Reply> DirectSession::run_text(Statement statement, Values parameters, BootTime::time_point until) {
    Send const send = [text = message(statement, parameters)](PGconn* to) { return PQsendQuery(to, text.c_str()); };
    co_return co_await exchange(send, until);
}

// The server says which process answers, and said at the start which one the connection is to: a pooler tells its own number.
Task<bool> DirectSession::learn_who_answers(BootTime::time_point until) {
    Send const send = [](PGconn* to) { return PQsendQuery(to, "SELECT pg_backend_pid()"); };
    auto const reply = co_await exchange(send, until);
    co_return reply.rows.size() == 1 && reply.rows.front().integer(0) == PQbackendPID(connection_);
}

// Nothing where the statement cannot be had prepared.
Task<std::optional<DirectSession::Reply>> DirectSession::run_prepared(Statement statement, Values parameters, BootTime::time_point until) {
    if (!keeps_prepared_) keeps_prepared_ = co_await learn_who_answers(until);
    if (!*keeps_prepared_) co_return std::nullopt;
    std::string const name{statement.name};
    if (!prepared_.contains(statement.name)) {
        std::string const sql{statement.sql};
        Send const prepare = [&](PGconn* to) { return PQsendPrepare(to, name.c_str(), sql.c_str(), 0, nullptr); };
        auto const prepared = co_await exchange(prepare, until);
        if (!prepared.error.empty()) co_return std::nullopt;  // its text tells the same error, or works
        prepared_.insert(statement.name);
    }
    std::vector<char const*> texts;
    texts.reserve(parameters.size());
    for (Value const& value : parameters) texts.push_back(value.text() ? value.text()->c_str() : nullptr);
    Send const send = [&](PGconn* to) {
        return PQsendQueryPrepared(to, name.c_str(), static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 0);
    };
    auto reply = co_await exchange(send, until);
    if (is_unprepared(reply.sqlstate)) {
        keeps_prepared_ = false;
        co_return std::nullopt;
    }
    co_return std::optional<Reply>{std::move(reply)};
}

Task<Rows> DirectSession::run(Statement statement, Values parameters, std::chrono::milliseconds limit) {
    auto const until = BootTime::now() + limit;
    std::optional<Reply> reply;
    // With settings before it, it would be two messages: those go as text.
    if (statement.time_limit == bounds_itself) reply = co_await run_prepared(statement, parameters, until);
    if (!reply) reply = co_await run_text(statement, parameters, until);
    if (!reply->error.empty()) throw statement_error(statement.name, reply->error, reply->sqlstate);
    co_return std::move(reply->rows);
}

}  // namespace groomer::pg
