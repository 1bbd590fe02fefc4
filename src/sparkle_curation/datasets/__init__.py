"""Kedro datasets: everything that this project reads from or writes to disk goes through here."""

from sparkle_curation.datasets.asset_store_dataset import AssetStoreDataset
from sparkle_curation.datasets.credential_dataset import CredentialDataset
from sparkle_curation.datasets.figure_dataset import FigureDataset
from sparkle_curation.datasets.fingerprints_dataset import FingerprintsDataset
from sparkle_curation.datasets.image_dataset import PNGDataset
from sparkle_curation.datasets.journal_dataset import JournalDataset
from sparkle_curation.datasets.jsonl_folder_dataset import JSONLFolderDataset
from sparkle_curation.datasets.kiwi_edit_dataset import KiwiEditDataset
from sparkle_curation.datasets.lean_tables_dataset import LeanTablesDataset
from sparkle_curation.datasets.pipeline_code_dataset import PipelineCodeDataset
from sparkle_curation.datasets.release_dataset import ReleaseDataset
from sparkle_curation.datasets.report_datasets import MetricsJSONDataset, ReportCSVDataset
from sparkle_curation.datasets.schema_validator import TableSchemaValidator
from sparkle_curation.datasets.sources_dataset import SourcesDataset
from sparkle_curation.datasets.table_dataset import TableDataset
from sparkle_curation.datasets.text_dataset import TextDataset
from sparkle_curation.datasets.validation_datasets import DataDocsDataset, ValidationsDataset
from sparkle_curation.datasets.variant_store import VariantStoreDataset
from sparkle_curation.datasets.version_datasets import DataVersionDataset, GitRevisionDataset

__all__ = [
    "AssetStoreDataset",
    "CredentialDataset",
    "DataDocsDataset",
    "DataVersionDataset",
    "FigureDataset",
    "FingerprintsDataset",
    "GitRevisionDataset",
    "JSONLFolderDataset",
    "JournalDataset",
    "KiwiEditDataset",
    "LeanTablesDataset",
    "MetricsJSONDataset",
    "PNGDataset",
    "PipelineCodeDataset",
    "ReleaseDataset",
    "ReportCSVDataset",
    "SourcesDataset",
    "TableDataset",
    "TableSchemaValidator",
    "TextDataset",
    "ValidationsDataset",
    "VariantStoreDataset",
]
