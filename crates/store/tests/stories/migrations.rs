//! Both schemas are one schema, and a newer one is left alone.

use std::path::Path;

use store::{Backend, StoreError, testing::TestDatabase};

/// Tables, columns, keys and indexes, in words that both databases can give.
async fn shape(database: &TestDatabase) -> Vec<String> {
    let store = database.store().await;
    let queries = match store.backend() {
        Backend::Sqlite => SQLITE_SHAPE,
        Backend::Postgres => POSTGRES_SHAPE,
    };
    let mut shape = Vec::new();
    for query in queries {
        let rows = database.rows(&store, query).await.unwrap();
        assert!(!rows.is_empty(), "{query}");
        shape.extend(rows);
    }
    shape.sort_unstable();
    shape.dedup();
    shape
}

const SQLITE_SHAPE: [&str; 3] = [
    // Columns.
    "SELECT 'column', t.name, c.name, lower(c.type), CASE WHEN c.\"notnull\" = 1 THEN 'required' ELSE 'optional' END, \
     COALESCE(c.dflt_value, '') \
     FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
     AND t.name NOT LIKE 'sqlite%'",
    // Indexes, those of keys included; named, unless made for a key.
    "SELECT 'index', t.name, CASE i.origin WHEN 'c' THEN i.name ELSE '' END, \
     CASE WHEN i.\"unique\" = 1 THEN 'unique' ELSE 'many' END, CASE WHEN i.partial = 1 THEN 'partial' ELSE 'whole' END, \
     CASE i.origin WHEN 'pk' THEN 'key' ELSE '' END, \
     (SELECT group_concat(k.name, ',' ORDER BY k.seqno) FROM pragma_index_info(i.name) k) \
     FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' \
     AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'",
    // Foreign keys.
    "SELECT 'foreign', t.name, f.\"from\", f.\"table\", f.\"to\", lower(f.on_delete) \
     FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
];

const POSTGRES_SHAPE: [&str; 3] = [
    "SELECT 'column', c.table_name::text, c.column_name::text, c.data_type::text, \
     CASE c.is_nullable WHEN 'NO' THEN 'required' ELSE 'optional' END, COALESCE(c.column_default::text, '') \
     FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%'",
    "SELECT 'index', t.relname::text, CASE WHEN k.conname IS NULL THEN n.relname::text ELSE '' END, \
     CASE WHEN i.indisunique THEN 'unique' ELSE 'many' END, CASE WHEN i.indpred IS NULL THEN 'whole' ELSE 'partial' END, \
     CASE WHEN i.indisprimary THEN 'key' ELSE '' END, \
     (SELECT string_agg(a.attname::text, ',' ORDER BY o.at) FROM unnest(i.indkey::smallint[]) WITH ORDINALITY o(col, at) \
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = o.col) \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid \
     LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u') \
     JOIN pg_namespace s ON s.oid = t.relnamespace WHERE s.nspname = 'public' AND t.relname NOT LIKE '\\_sqlx%'",
    "SELECT 'foreign', t.relname::text, a.attname::text, f.relname::text, b.attname::text, \
     CASE k.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'no action' END \
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1] \
     JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = k.confkey[1] WHERE k.contype = 'f'",
];

#[tokio::test]
async fn both_databases_have_the_same_shape() {
    let sqlite = shape(&TestDatabase::sqlite()).await;
    let postgres = shape(&TestDatabase::postgres().await).await;
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    assert_eq!((only(&sqlite, &postgres), only(&postgres, &sqlite)), (Vec::new(), Vec::new()));
    assert!(sqlite.len() > 100, "{}", sqlite.len());
}

#[test]
fn both_folders_hold_the_same_files() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let read = |folder: &str| {
        let mut files: Vec<(String, String)> = std::fs::read_dir(migrations.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    };
    /// About the order of a table's own rows, of which only SQLite leaves a choice.
    const SQLITES_OWN: &str = "0011_flat_pieces.sql";
    let (sqlite, postgres) = (read("sqlite"), read("postgres"));
    let names = |files: &[(String, String)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (ours, theirs) in sqlite.iter().zip(&postgres).filter(|((name, _), _)| name != SQLITES_OWN) {
        assert_eq!(ours, theirs, "where they must differ, this test has to learn it");
    }
}

async fn a_newer_schema_is_left_alone(database: &TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.schema_version().await.unwrap(), 0, "before the first migration");
    store.migrate().await.unwrap();
    let known = store.known_version();
    assert_eq!(store.schema_version().await.unwrap(), known);
    store.migrate().await.unwrap();
    store.ping().await.unwrap();

    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9000, 'of tomorrow', TRUE, '', 0)";
    database.run(&store, newer).await.unwrap();
    let error = database.open().await.migrate().await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 9000, known: k } if k == known), "{error}");
    assert!(error.to_string().contains("version 9000") && error.to_string().contains("start the newer version"));
}

async fn a_changed_migration_is_refused(database: &TestDatabase) {
    let store = database.store().await;
    database.run(&store, "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1").await.unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

crate::on_both!(a_newer_schema_is_left_alone, a_changed_migration_is_refused);

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable() {
    for url in [
        "postgres://nobody@localhost/none?host=/nowhere",
        "mysql://localhost/x",
        "sqlite:///proc/nowhere/x.db",
        "sqlite::memory:",
    ] {
        let config = store::StoreConfig { url: url.into(), max_connections: 2 };
        let error = store::Store::connect(&config).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{url}: {error}");
        assert!(!format!("{config:?}").contains("localhost"), "the URL may carry a password");
    }
}

#[tokio::test]
async fn a_sqlite_file_is_private_and_set_up_as_promised() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::sqlite();
    let store = database.store().await;
    let path = database.url().trim_start_matches("sqlite://").to_owned();
    for file in [path.clone(), format!("{path}-wal")] {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    let pragmas = "SELECT journal_mode, CAST((SELECT timeout FROM pragma_busy_timeout) AS TEXT), \
                   CAST((SELECT foreign_keys FROM pragma_foreign_keys) AS TEXT), \
                   CAST((SELECT synchronous FROM pragma_synchronous) AS TEXT) FROM pragma_journal_mode";
    assert_eq!(database.rows(&store, pragmas).await.unwrap(), ["wal|5000|1|1"]);
}
