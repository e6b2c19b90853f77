//! What is read from folders of files.

use super::*;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let read = DatabaseSource::Directory(folder.path().to_owned()).read();
    let text = read.map_or_else(|error| error.to_string(), |url| url.expose().to_owned());
    let path = folder.path().display().to_string();
    text.replace(&path, "/folder").replace(&path.replace('/', "%2F"), "/folder")
}

#[test]
fn a_url_is_taken_without_its_line_end() {
    insta::assert_snapshot!(read(&[("url", "postgres://scim:secret@database/scim\n")]), @"postgres://scim:secret@database/scim");
}

#[test]
fn parts_make_a_url() {
    let parts = [
        ("host", "database.example.com\n"),
        ("port", "6432\n"),
        ("dbname", "scim"),
        ("username", "operator"),
        ("password", "a b/#%&ä\n"),
        ("sslmode", "require"),
    ];
    insta::assert_snapshot!(read(&parts), @"postgres:///?host=database.example.com&port=6432&dbname=scim&user=operator&password=a+b%2F%23%25%26%C3%A4&sslmode=require");
    insta::assert_snapshot!(read(&[("host", "database")]), @"postgres:///?host=database");
}

#[test]
fn a_part_goes_before_what_the_url_says() {
    let files = [("url", "postgres://scim:old@database/scim"), ("password", "new"), ("host", " ")];
    insta::assert_snapshot!(read(&files), @"postgres://scim:old@database/scim?password=new");
}

#[test]
fn certificates_ask_for_the_strictest_tls_unless_something_else_is_said() {
    let certificates = ("ca.crt", "-----BEGIN CERTIFICATE-----");
    insta::assert_snapshot!(read(&[("url", "postgres://database/scim"), certificates]), @"postgres://database/scim?sslrootcert=/folder%2Fca.crt&sslmode=verify-full");
    insta::assert_snapshot!(read(&[("url", "postgres://database/scim?sslmode=verify-ca"), certificates]), @"postgres://database/scim?sslmode=verify-ca&sslrootcert=/folder%2Fca.crt");
    insta::assert_snapshot!(read(&[("host", "database"), ("sslmode", "require"), certificates]), @"postgres:///?host=database&sslmode=require&sslrootcert=/folder%2Fca.crt");
}

#[test]
fn what_is_missing_or_wrong_is_named_without_being_repeated() {
    insta::assert_snapshot!(read(&[]), @"no database in /folder: there is no file url and no file host, or it is blank (files: url, or host, port, dbname, username, password, sslmode; and ca.crt)");
    assert_eq!(read(&[("url", " \n"), ("password", "secret")]), read(&[]));
    insta::assert_snapshot!(read(&[("url", "postgres://u:secret@host:port/x")]), @"/folder/url is not of the form postgres://user:password@host:port/database; in the password, characters such as /, # and % are written as %2F, %23 and %25");
    insta::assert_snapshot!(read(&[("url", "mysql://u:secret@host/x")]), @"/folder/url is not of the form postgres://user:password@host:port/database; in the password, characters such as /, # and % are written as %2F, %23 and %25");
    insta::assert_snapshot!(read(&[("host", "database"), ("port", "70000")]), @"/folder/port is no port from 1 to 65535");
    insta::assert_snapshot!(read(&[("host", "database"), ("sslmode", "on")]), @"/folder/sslmode is none of disable, allow, prefer, require, verify-ca, verify-full");
}

#[test]
fn a_file_that_was_changed_is_read_anew() {
    let folder = folder(&[("url", "postgres://one/scim")]);
    let source = DatabaseSource::Directory(folder.path().to_owned());
    let before = source.read().unwrap();
    fs::write(folder.path().join("url"), "postgres://two/scim").unwrap();
    assert_ne!(source.read().unwrap(), before);
}

#[test]
fn each_folder_is_a_database_and_what_a_volume_keeps_is_none() {
    let directory = folder(&[
        ("primary/url", "postgres://one/scim"),
        ("eu-west/host", "two"),
        ("..2026_01_01/primary/url", "postgres://one/scim"),
        ("notes.txt", ""),
    ]);
    let sources = DatabaseSource::in_directory(directory.path()).unwrap();
    assert_eq!(sources.keys().collect::<Vec<_>>(), ["eu-west", "primary"]);
    assert_eq!(sources["primary"].read().unwrap().expose(), "postgres://one/scim");
}

#[test]
fn a_directory_without_databases_is_refused() {
    let refusal = |directory: &Path| {
        let error = DatabaseSource::in_directory(directory).unwrap_err();
        error.to_string().replace(&directory.display().to_string(), "/directory")
    };
    insta::assert_snapshot!(refusal(folder(&[]).path()), @"no database: /directory has no folder, of which each is a database by its name");
    insta::assert_snapshot!(refusal(folder(&[("Primary/url", "x")]).path()), @"/directory/Primary is no name of a database: it needs 1 to 63 small letters, digits and -");
    assert!(matches!(
        DatabaseSource::in_directory(Path::new("/nowhere")),
        Err(DatabaseError::Unreadable { .. })
    ));
}

#[test]
fn the_account_of_the_servers_is_in_its_url_or_beside_it() {
    let account = |files: &[(&str, &str)]| {
        let folder = folder(files);
        DatabaseSource::Directory(folder.path().to_owned()).server_account().unwrap()
    };
    let of = |user_name: &str, password: Option<&str>| Account {
        user_name: Some(user_name.to_owned()),
        password: password.map(str::to_owned),
    };
    assert_eq!(account(&[("url", "postgres://operator@database/scim")]), Account::default());
    assert_eq!(account(&[("server/username", "scim_server\n")]), of("scim_server", None));
    assert_eq!(account(&[("server/url", "postgres://s%C3%A4m:p%2Fw@database/scim")]), of("säm", Some("p/w")));
    assert_eq!(account(&[("server/url", "postgres://database/scim?user=a&password=b")]), of("a", Some("b")));
    let both = [("server/url", "postgres://a:b@database/scim"), ("server/password", "c")];
    assert_eq!(account(&both), of("a", Some("c")));
}

#[test]
fn what_is_printed_shows_no_password() {
    let url = DatabaseUrl("postgres://scim:secret@database/scim".to_owned());
    assert_eq!(format!("{url:?}"), "DatabaseUrl(redacted)");
    let account = Account { user_name: Some("scim".to_owned()), password: Some("secret".to_owned()) };
    assert!(!format!("{account:?}").contains("secret"));
}
