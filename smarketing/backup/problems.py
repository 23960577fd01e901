"""What ends a backup or a restore, in one line."""


class BackupProblem(Exception):
    """It cannot be done; the text says why, and what to do."""


class Damaged(BackupProblem):
    """The file is not whole, or not what was written."""

    def __init__(self, what: str = "it is damaged or not whole") -> None:
        super().__init__(f"This backup cannot be used: {what}. Nothing was changed.")


class Foreign(BackupProblem):
    def __init__(self) -> None:
        super().__init__("This is no backup of Smarketing. Nothing was changed.")


class WrongPassword(BackupProblem):
    def __init__(self) -> None:
        super().__init__("The password is wrong, or the file is damaged at its beginning. Nothing was changed.")
