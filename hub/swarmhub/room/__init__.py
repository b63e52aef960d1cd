"""The room: everybody of the class, the machines and the warnings, live on one page for teachers and admins."""
