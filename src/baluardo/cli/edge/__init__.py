"""`baluardo edge`: one file per subcommand."""
