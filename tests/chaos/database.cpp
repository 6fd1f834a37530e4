#include "chaos/database.hpp"

#include <libpq-fe.h>

#include <stdexcept>

namespace groomer::chaos {

struct Database::Connection {
    explicit Connection(std::string const& text) : pq{PQconnectdb(text.c_str())} {}
    ~Connection() { PQfinish(pq); }
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    PGconn* pq;
};

Database::Database(std::string const& socket_folder, std::string const& name)
    : connection_{std::make_unique<Connection>("host=" + socket_folder + " user=postgres dbname=" + name +
                                               " application_name=driver connect_timeout=5")} {
    if (PQstatus(connection_->pq) != CONNECTION_OK) throw std::runtime_error{PQerrorMessage(connection_->pq)};
    PQsetNoticeProcessor(
        connection_->pq, [](void*, char const*) {}, nullptr);
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;

std::vector<Fields> Database::query(std::string const& sql) {
    std::unique_ptr<PGresult, void (*)(PGresult*)> const result{PQexec(connection_->pq, sql.c_str()), PQclear};
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw std::runtime_error{PQerrorMessage(connection_->pq)};
    std::vector<Fields> rows;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        auto& fields = rows.emplace_back();
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            if (PQgetisnull(result.get(), row, column) != 0) fields.emplace_back();
            else fields.emplace_back(PQgetvalue(result.get(), row, column));
        }
    }
    return rows;
}

std::string Database::value(std::string const& sql) {
    auto const rows = query(sql);
    return rows.empty() || rows.front().empty() ? "" : rows.front().front().value_or("");
}

}  // namespace groomer::chaos
