# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_lifeboat_global_optspecs
    string join \n r/repo= config= i/identity= passphrase-file= passphrase-command= passphrase-fd= cache-dir= state-dir= memory-limit= limit-upload= limit-download= connections= as-of= json q/quiet v/verbose no-progress color= h/help V/version
end

function __fish_lifeboat_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_lifeboat_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_lifeboat_using_subcommand
    set -l cmd (__fish_lifeboat_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c lifeboat -n "__fish_lifeboat_needs_command" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_needs_command" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -s V -l version -d 'Print version'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "init" -d 'Make a repository'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "backup" -d 'Take a snapshot of files, or of what a program prints'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "snapshots" -d 'List snapshots'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "ls" -d 'List what is in a snapshot'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "cat" -d 'Print files from a snapshot'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "dump" -d 'Write a directory from a snapshot as a tar archive'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "find" -d 'Look for names in snapshots'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "diff" -d 'Compare two snapshots, or a snapshot and the live tree'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "stats" -d 'Say how much there is, and how much of it deduplication saves'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "restore" -d 'Bring files back'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "database" -d 'Look at the database dumps of a snapshot, and load them again'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "check" -d 'Look for damage in the repository'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "key" -d 'Manage who can open the repository'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "store" -d 'Look at the store a repository is kept in'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "replica" -d 'Look after the stores of a repository that has several'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "lock" -d 'Keep what snapshots need locked (S3 Object Lock), and tell what is not'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "recover" -d 'Bring back what was deleted or overwritten since a time'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "notify" -d 'Tell people what happens, and see who was told'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "watch" -d 'Raise an alarm when something that should have happened has not'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "runbook" -d 'Run what is to be done in a disaster, step by step, with proof that it was'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "system" -d 'Look at the state of a machine: disks, boot loader, packages, services, accounts'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "config" -d 'Look after the configuration file'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "plan" -d 'Plan restores: build, review, and carry them out step by step'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "completions" -d 'Print a shell\'s completions'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "man" -d 'Print a manual page, or write them all'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "demo" -d 'Try Lifeboat out in a temporary directory'
complete -c lifeboat -n "__fish_lifeboat_needs_command" -f -a "version" -d 'Print the version and the formats it reads'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l recipient -d 'Let this age or ssh public key, or the keys in this file, open the repository' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l label -d 'A remark on the first key slots, shown by `key list`' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l passphrase -d 'Let a passphrase open it, beside the recipients'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l allow-unsafe-store -d 'Make it even where a trial shows that the store is not safe for a repository'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l tag -d 'Tag the snapshot; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l host -d 'Record the snapshot for this host instead of the machine\'s own name' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l time -d 'Record this time as the snapshot\'s, instead of now' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s e -l exclude -d 'Leave out what matches this pattern, in gitignore syntax; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l iexclude -d 'The same, without regard to upper and lower case' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l exclude-file -d 'Read patterns from a file, one on each line' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l exclude-if-present -d 'Leave out the contents of directories that hold this file' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l exclude-larger-than -d 'Leave out files larger than this' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l exclude-xattr -d 'Leave out what has this extended attribute, such as user.xdg.robots.backup' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l compression -d 'The zstd level, from -7 (fastest) to 22 (smallest)' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l read-concurrency -d 'Read so many files at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l stdin-name -d 'The name standard input gets in the snapshot' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l command -d 'Back up what PROGRAM prints, under this name; if it fails, so does the backup' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l exclude-caches -d 'Leave out the contents of directories marked with CACHEDIR.TAG'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l nodump -d 'Leave out what has the `d` attribute (chattr +d)'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s x -l one-file-system -d 'Do not enter other file systems; mount points are kept as empty directories'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s n -l dry-run -d 'Show what would be backed up and what not, and store nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l force -d 'Read every file again, changed or not'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l ignore-ctime -d 'Do not take a new ctime for a change; for network and FUSE file systems'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l ignore-inode -d 'Do not take a new inode number for a change; for network and FUSE file systems'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l with-atime -d 'Record access times as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l stdin -d 'Back up standard input'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l system -d 'Capture the system\'s state as well: disks, boot loader, packages, services, accounts, network'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l with-luks-headers -d 'Keep LUKS headers with it: whoever reads the snapshot and knows any passphrase they ever had opens the disk'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l host -d 'Only this host\'s; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l tag -d 'Only those with this tag; with each of them, if given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l path -d 'Only those that have this path as a source; may be given several times' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l last -d 'Only the newest N' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand snapshots" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s l -l long -d 'Show mode, owner, size and time of modification'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s R -l recursive -d 'Show everything below'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand cat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -s o -l output -d 'Write to this file instead of standard output; it must not exist' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l snapshot -d 'Only in this snapshot; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l host -d 'Only in this host\'s snapshots; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l tag -d 'Only in snapshots with this tag; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l below -d 'Only below this path' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l type -d 'Only entries of this type; may be given several times' -r -f -a "file\t'Regular files'
dir\t'Directories'
symlink\t'Symbolic links'
fifo\t'Named pipes'
socket\t'Sockets'
device\t'Devices, character and block'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l newer -d 'Only what was modified at this time or later' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l older -d 'Only what was modified before this time' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l larger -d 'Only files of at least this size' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l smaller -d 'Only files smaller than this' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l ignore-case -d 'Do not distinguish upper and lower case'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand find" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l metadata -d 'Show changes of metadata alone as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l host -d 'Only this host\'s; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l tag -d 'Only those with this tag; with each of them, if given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l path -d 'Only those that have this path as a source; may be given several times' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s t -l target -d 'Write below this directory; it is made if need be' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l overwrite -d 'What to do where a file is there already' -r -f -a "never\t'Leave it'
if-changed\t'Replace it unless size and time of modification are the same'
always\t'Compare its contents, and write what differs'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s I -l include -d 'Only what matches this pattern, in gitignore syntax; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s e -l exclude -d 'Not what matches this pattern; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l map-user -d 'Give what was FROM\'s to TO, each a name or a number; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l map-group -d 'The same for groups' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l warm-up -d 'Warm up what lies in cold storage, wait until it can be read, and go on' -r -f -a "expedited\t'Minutes; the dearest, and not offered for what lies deepest'
standard\t'Some hours'
bulk\t'Half a day to two; the cheapest'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l warm-up-days -d 'For how many days what was warmed up stays readable' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l warm-up-poll -d 'How often to look whether what was asked for is there, such as 10m' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l warm-up-command -d 'Run this by `sh -c` instead of asking the store, with the objects\' keys on its standard input' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l in-place -d 'Write to where it came from'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s n -l dry-run -l plan -d 'Show what would be done, and do nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l verify -d 'Read back what was written and compare it with the repository\'s checksums'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l delete -d 'Delete what is at the target but not in the snapshot'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l no-resume -d 'Forget the journal of an interrupted restore and begin anew'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l no-owner -d 'Let everything belong to whoever restores'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l numeric-owner -d 'Go by the numbers of owners and groups, not by their names'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l no-xattrs -d 'Restore no extended attributes, and so no ACLs'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l allow-devices -d 'Make device nodes'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l allow-setuid -d 'Keep setuid and setgid bits and file capabilities'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l no-wait -d 'Ask for what is cold and end with exit status 13; the same command restores it later'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -f -a "list" -d 'What it takes to list them'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and not __fish_seen_subcommand_from list restore" -f -a "restore" -d 'What it takes to load one'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l to -d 'Where to: a server as [USER@]HOST[:PORT] or SOCKET[:PORT], or the path of a file or directory' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l only -d 'Only this database of a postgres dump; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l run-as -d 'The account that the programs run as' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l bin-dir -d 'Where the programs are, if not in PATH' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l password-file -d 'Take the database user\'s password from the first line of a file' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l password-env -d 'Take it from an environment variable' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l password-command -d 'Take it from the first line a command prints' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l credentials-file -d 'A file of the database\'s own that holds user and password: PGPASSFILE, or an option file of mysql' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l replace -d 'Replace what is there already'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -s n -l dry-run -d 'Show the commands, and run none'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand database; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l read-data-subset -d 'Read only a part of the packs: n/m, or a percentage chosen anew each time' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l read-data -d 'Read every pack, and verify every chunk in it'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l replicas -d 'Compare the replicas as well: listings and sizes, and with --read-data the contents of all copies'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -f -a "list" -d 'List key slots: name, role, label, and what opens them'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -f -a "add" -d 'Open a role for one more key or passphrase'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -f -a "remove" -d 'Remove a key slot'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -f -a "passwd" -d 'Change a passphrase'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -f -a "export" -d 'Write the repository\'s own private keys to a file, for recovery with stock tools'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and not __fish_seen_subcommand_from list add remove passwd export trust" -f -a "trust" -d 'Accept a repository by its fingerprint'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l role -d 'What the new key may do' -r -f -a "writer\t'Adds snapshots; reads no old data, deletes nothing'
maintainer\t'Sees names and structure, collects garbage; reads no contents'
restorer\t'Reads everything, manages keys'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l host -d 'The host that a writer\'s key is for; its signing key is made and enrolled' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l label -d 'A remark, shown by `key list`' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l recipient -d 'An age or ssh public key, or a file with one on each line; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l new-passphrase-file -d 'Read the new passphrase from the first line of a file' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l new-passphrase-command -d 'Take the new passphrase from the first line a command prints' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l new-passphrase -d 'Ask for the new passphrase on the terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l new-passphrase-file -d 'Read the new passphrase from the first line of a file' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l new-passphrase-command -d 'Take the new passphrase from the first line a command prints' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l new-passphrase -d 'Ask for the new passphrase on the terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -s o -l output -d 'The file to write, readable by its owner only; it must not exist. `-` is standard output' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -f -a "probe" -d 'Find out whether a store is sound'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and not __fish_seen_subcommand_from probe policy" -f -a "policy" -d 'Print the IAM policy that a role needs'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l role -d 'Whose policy' -r -f -a "writer\t'Adds snapshots; reads no old data, deletes nothing'
maintainer\t'Sees names and structure, collects garbage; reads no contents'
restorer\t'Reads everything, manages keys'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l bucket -d 'The bucket, in place of a URL' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l prefix -d 'What keys begin with in that bucket' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l partition -d 'The partition: aws, aws-cn or aws-us-gov' -r -f -a "aws\t''
aws-cn\t''
aws-us-gov\t''"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l time-based -d 'For a repository whose writers are kept apart by time, as `init` said; so is conditional=time-based'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand store; and __fish_seen_subcommand_from policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "list" -d 'List the replicas as they are configured'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "status" -d 'Show which replicas are reachable, what each has, and what it has missed'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "sync" -d 'Bring replicas up to date: work off what they missed, and copy what others have'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "heal" -d 'Find damaged copies, and replace them by good ones'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "add" -d 'Fill a new replica from the others'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "remove" -d 'Show what the others hold without a replica, before it is taken out of the configuration'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and not __fish_seen_subcommand_from list status sync heal add remove verify" -f -a "verify" -d 'Compare the replicas with each other'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from heal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l url -d 'Where it is, unless the configuration says so already' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l zone -d 'What fails together with it' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l weight -d 'Its share of the reads' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l mirror -d 'Nothing is to wait for it: it gets everything and decides nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l delete-objects -d 'Delete what is in it, if the others hold all of it'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l deep -d 'Read all copies, and compare their hashes'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand replica; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -f -a "status" -d 'Show how each store keeps versions and locks objects'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -f -a "extend" -d 'Renew the locks of what protected snapshots need'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -f -a "audit" -d 'Tell which snapshots and objects lose their lock soon, or have none'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and not __fish_seen_subcommand_from status extend audit sweep" -f -a "sweep" -d 'Delete for good what was deleted long ago and is not locked any more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l window -d 'Protect snapshots younger than this; `lock_window` of the configuration otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l all -d 'Renew everything that the index relies on, without reading any tree'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -s n -l dry-run -d 'Say what would be renewed, and renew nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from extend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l within -d 'Tell what loses its lock within this time; a week otherwise, but no more than half of `lock_renew`' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l window -d 'Protect snapshots younger than this; `lock_window` of the configuration otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l older-than -d 'Leave what was hidden more recently than this' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -s n -l dry-run -d 'Say what would be deleted, and delete nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand lock; and __fish_seen_subcommand_from sweep" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l to -d 'Copy the repository as it was, key slots too, to this directory or s3:// URL' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l replica -d 'Only this replica' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l apply -d 'Bring it back in place'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l keys -d 'With --apply, bring back removed key slots too, though others are left'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -f -a "test" -d 'Send a test by a channel, or by every channel of a contact'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -f -a "outbox" -d 'Look after what is still to be told'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -f -a "flush" -d 'Deliver what is due now'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -f -a "ack" -d 'Acknowledge an event: escalation ends'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -f -a "send" -d 'Tell people something'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and not __fish_seen_subcommand_from test outbox flush ack send call-tree" -f -a "call-tree" -d 'Drill the contact list: who acknowledges, and how fast'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l all -d 'List what is done as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -f -a "show" -d 'Show everything about one event'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -f -a "retry" -d 'Try again what failed or is in doubt'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from outbox" -f -a "drop" -d 'Give up what has not been delivered yet'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l wait -d 'How long to go on at the most' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l by -d 'Who looks after it; the user\'s name otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l note -d 'What there is to say' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l to -d 'Names of contacts, groups or channels; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l title -d 'One line' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l text -d 'What is below it; `-` reads standard input' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l outcome -d 'How it went: what is bad can be acknowledged and escalates' -r -f -a "started\t''
ok\t''
degraded\t''
partial\t''
failed\t''
missed\t''
damage\t''
notice\t''"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l severity -d 'How urgent it is; as the outcome says otherwise' -r -f -a "info\t''
warning\t''
error\t''
critical\t''"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l key -d 'The matter: a failure of the same key is told once, and its end to those who were told of it' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l escalation -d 'What happens where nobody acknowledges' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l drill -d 'Mark it as a drill'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l wait -d 'How long to wait for acknowledgements' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l text -d 'What to say' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand notify; and __fish_seen_subcommand_from call-tree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l interval -d 'How often to look' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l once -d 'Look once and end'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l repository -d 'Ask the repository for the newest snapshot before saying that a backup is overdue'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "init" -d 'Write starters: runbooks to make your own'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "list" -d 'List the runbooks'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "lint" -d 'List every mistake in runbooks, with its line'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "show" -d 'Show a runbook: as a tree, a checklist, a page or a diagram'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "run" -d 'Run a runbook'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "resume" -d 'Go on with a run that was interrupted, has halted, or waits'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "status" -d 'Show where runs are, and who is waited for'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "approve" -d 'Approve or refuse what a run asks for'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "ack" -d 'Acknowledge a message, say that a manual step is done, or choose'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "abort" -d 'End a run for good'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "history" -d 'List runs'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "report" -d 'Report on a run, after verifying its journal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "publish" -d 'Keep runbooks in the repository as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "fetch" -d 'Bring a runbook back from the repository'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "link" -d 'Make links by which somebody can answer'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and not __fish_seen_subcommand_from init list lint show run resume status approve ack abort history report publish fetch link serve" -f -a "serve" -d 'Take answers by link'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l format -d 'As what' -r -f -a "tree\t'A tree, for terminals'
markdown\t'A checklist in Markdown'
html\t'A page'
mermaid\t'A diagram for Mermaid'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -s o -l output -d 'Write it to a file' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s I -l input -d 'What one of its inputs is' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l mode -d 'Whether it is meant' -r -f -a "live\t'It is'
drill\t'It is a drill: messages say so, and steps may be left out'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l reason -d 'Why another run is passed over; it stands in the journal and the report' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l as -d 'The name you go by; that of your user otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s n -l dry-run -d 'Print every command, recipient, approval and wait, and do nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l another -d 'Begin although another run of the same runbook is not over, here or as the repository says'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l no-wait -d 'Wait for nobody: end with exit status 13 where nothing is left but to wait for people'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l no-repository -d 'Leave the repository alone: no claim, no copy of the journal, no answers from there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l done -d 'A step in doubt, or one that failed, was done after all, and perhaps what it gave' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l repeat -d 'A step in doubt is to be done again' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l reason -d 'Why it is taken over; it stands in the journal and the report' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l as -d 'The name you go by; that of your user otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l take-over -d 'Take the run over from another host'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l no-wait -d 'Wait for nobody: end with exit status 13 where nothing is left but to wait for people'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l no-repository -d 'Leave the repository alone: no claim, no copy of the journal, no answers from there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -s w -l watch -d 'Go on showing it until it is over'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l note -d 'What you have to say' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l as -d 'The name you go by; that of your user otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l refuse -d 'Refuse instead'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l note -d 'What you saw, or have to say' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l file -d 'A file to show for it; its name, length and hash are kept' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l choose -d 'What you choose' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l as -d 'The name you go by; that of your user otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l failed -d 'It could not be done'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l reason -d 'Why' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l as -d 'The name you go by; that of your user otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from abort" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l repository -d 'Look into the repository as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l format -d 'As what; --json gives a document' -r -f -a "markdown\t'Markdown'
html\t'A page'
json\t'A JSON document'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -s o -l output -d 'Write it to a file' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l repository -d 'Compare with the copy in the repository as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l version -d 'An older version' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l dir -d 'The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l force -d 'Replace a file that is there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l for -d 'Whose links they are' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l within -d 'How long they are good for' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l public-url -d 'What stands before them; that of the server that runs otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from link" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l listen -d 'Where to listen' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l public-url -d 'How it is reached from outside, for links in messages' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l behind-proxy -d 'Listen on an address that is not loopback: a proxy with TLS stands before it'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand runbook; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -f -a "capture" -d 'Capture the machine\'s state without a backup'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -f -a "show" -d 'Show a machine\'s state'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and not __fish_seen_subcommand_from capture show diff" -f -a "diff" -d 'Compare two states, and say what the differences mean for a restore'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -s o -l output -d 'Write to this file, or with the files behind it into this new or empty directory (end it with /)' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l root -d 'Capture the system below this directory instead of the running one' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l timeout -d 'How long each collector may take, such as 30s; two minutes otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l with-luks-headers -d 'Keep LUKS headers (needs an --output directory and --with-secrets)'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l with-secrets -d 'Write password hashes, containers\' variables and files that hold secrets as well'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from capture" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -s s -l section -d 'Show this section alone; may be given several times' -r -f -a "host\t'Names, operating system, hardware'
boot\t'Firmware, boot loaders, kernels'
storage\t'Disks and all that lies on them, mounts, fstab'
packages\t'Packages, repositories, keys'
services\t'Units and timers'
schedules\t'Crontabs'
accounts\t'Users and groups'
settings\t'Locale, kernel parameters and modules, access control'
network\t'Interfaces, routes, names, firewall'
containers\t'Containers, images, volumes'
collectors\t'How the capture went'
files\t'The files that are kept beside it'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l format -d 'How to write it' -r -f -a "text\t'Tables and trees'
html\t'One page that stands by itself'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -s s -l section -d 'Compare this section alone; may be given several times' -r -f -a "host\t'Names, operating system, hardware'
boot\t'Firmware, boot loaders, kernels'
storage\t'Disks and all that lies on them, mounts, fstab'
packages\t'Packages, repositories, keys'
services\t'Units and timers'
schedules\t'Crontabs'
accounts\t'Users and groups'
settings\t'Locale, kernel parameters and modules, access control'
network\t'Interfaces, routes, names, firewall'
containers\t'Containers, images, volumes'
collectors\t'How the capture went'
files\t'The files that are kept beside it'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l severity -d 'Leave out what matters less than this' -r -f -a "info\t'Anything at all'
minor\t'Works a little differently'
major\t'Something runs or is reached otherwise'
critical\t'May not start, or needs other disks'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l format -d 'How to write it' -r -f -a "text\t'Tables and trees'
html\t'One page that stands by itself'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l exit-code -d 'End with exit status 5 where anything that is listed differs'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand system; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and not __fish_seen_subcommand_from check" -f -a "check" -d 'List every mistake in the configuration, with its line'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "init" -d 'Write a plan file from what a snapshot holds'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "build" -d 'Resolve a plan file to a plan'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "show" -d 'Show a plan, or what a run of one did'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "diff" -d 'Show what differs between two plans'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "verify" -d 'Look whether a plan still fits, or a run\'s record is what was signed'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "runs" -d 'List the runs of plans'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and not __fish_seen_subcommand_from init build show diff verify runs apply" -f -a "apply" -d 'Carry a plan out'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s t -l target -d 'Where the plan restores to' -r -f -a "bare-metal\t'Empty disks, from a rescue system'
converge\t'The running system'
sandbox\t'A place of its own that is removed at the end'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l name -d 'What the plan is called; the snapshot\'s host otherwise' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s o -l output -d 'Write it to this file, which must not be there; to standard output otherwise' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -s o -l output -d 'Write the plan to this file as well' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l format -d 'How' -r -f -a "tree\t'Components and their steps'
timeline\t'Steps by their time'
html\t'A page for a browser, with a chart'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l repository -d 'Those that the repository has signed evidence of, whichever machine did them'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from runs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l step -d 'Only this step, component or group; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l from -d 'Only from this step, component or group on' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l until -d 'Only until this step, component or group is done' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l confirm -d 'Confirm that this disk may be overwritten: `serial:…`, `wwn:…`, /dev/…, or the file of an image' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l assume-done -d 'This step was in doubt, and you have seen that it is done; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l repeat -d 'This step is in doubt, and is to be done again; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l once -d 'Names this request: where a run asked for by the same name has ended well, show what it came to' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l secret -d 'Take the secret NAME from the first line of a file; may be given several times' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l warm-up -d 'Warm up what lies in cold storage, wait until it can be read, and go on' -r -f -a "expedited\t'Minutes; the dearest, and not offered for what lies deepest'
standard\t'Some hours'
bulk\t'Half a day to two; the cheapest'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l warm-up-days -d 'For how many days what was warmed up stays readable' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l warm-up-poll -d 'How often to look whether what was asked for is there, such as 10m' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l warm-up-command -d 'Run this by `sh -c` instead of asking the store, with the objects\' keys on its standard input' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -s n -l dry-run -d 'Print every command in order, and do nothing'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l accept-changes -d 'Apply it though it no longer fits what there is'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l keep-sandbox -d 'Leave the sandbox there at the end'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l restart -d 'Begin anew where an earlier run was cut off, instead of going on'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l no-wait -d 'Ask for what is cold and end with exit status 13; the same command restores it later'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand plan; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -s d -l directory -d 'Write all pages below this directory, as man1/lifeboat.1 and so on' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l dir -d 'Work in this directory, which must not exist, instead of a new one below $TMPDIR' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l keep -d 'Leave everything there at the end'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -s r -l repo -d 'The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l config -d 'Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -s i -l identity -d 'Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l passphrase-file -d 'Read the repository\'s passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l passphrase-command -d 'Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l passphrase-fd -d 'Read the passphrase from the first line of an open file descriptor' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l cache-dir -d 'Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l state-dir -d 'Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]' -r -F
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l memory-limit -d 'Use about this much memory at most, such as 512M' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l limit-upload -d 'Send at most this much to the repository in a second, such as 5M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l limit-download -d 'Fetch at most this much from the repository in a second, such as 20M; 0 for no limit' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l connections -d 'Ask a store behind a network for at most this much at once' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l as-of -d 'Show the repository as it was at this time, ignoring what was deleted or overwritten since' -r
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l color -d 'When to use colours; NO_COLOR in the environment means never' -r -f -a "auto\t'Where it is a terminal that has them'
always\t'In files and pipes too'
never\t'Nowhere'"
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l json -d 'Print one JSON document on standard output, and nothing else there'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -s v -l verbose -d 'Say more; twice, still more'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -l no-progress -d 'Show no progress, even on a terminal'
complete -c lifeboat -n "__fish_lifeboat_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
