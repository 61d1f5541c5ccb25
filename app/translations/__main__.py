"""Bring the catalogues up to date: `python -m app.translations`."""

from app.translations import update

if __name__ == "__main__":
    missing = update("ro")
    for text in missing:
        print(f"no Romanian yet: {text}")
    print("Romanian is complete." if not missing else f"{len(missing)} texts have no Romanian yet.")
